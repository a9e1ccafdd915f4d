"""Runs of MLflow: what Lightning's logger is given, and how a study's summary is written."""

import os
import re
from collections.abc import Mapping
from typing import Any

from ablate.execute.loggers.identity import RunIdentity
from ablate.execute.loggers.study_summary import NUMBERS, OUTCOME, StudySummary

SERVER = "MLFLOW_TRACKING_URI"
"""The environment variable that names the user's server. MLflow itself sets it when it opens a store."""

JOB_TYPE = "job_type"
"""The tag that says whether a run is of a trial or of a summary."""

MAX_CLAIM = 200
"""Characters of a claim in the name of a metric, which may have 250."""

_NOT_IN_NAMES = re.compile(r"[^\w. -]")
"""What a claim must not bring into the name of a metric: MLflow does not take it, or it is the slash of a group."""


def arguments(identity: RunIdentity) -> Mapping[str, Any]:
    """What the logger is given where the configuration does not say."""
    server = os.environ.get(SERVER)
    given = {"tracking_uri": server} if server else _store(identity)
    return {**given, "experiment_name": identity.group, "run_name": identity.name, "tags": _tags(identity)}


def run_id(logger: Any) -> str | None:
    """The id of the open run."""
    return logger.run_id


def resume(run_id: str) -> Mapping[str, Any]:
    """What the logger is given to go on with a run."""
    return {"run_id": run_id}


def find_summary(given: Mapping[str, Any], identity: RunIdentity) -> str | None:
    """The id of the run that has the summary of a study already; None: there is none.

    Args:
        given: What the logger is given.
        identity: Of the run with the summary.
    """
    from mlflow.tracking import MlflowClient  # pyright: ignore[reportMissingImports] – an extra

    client = MlflowClient(given["tracking_uri"])
    experiment = client.get_experiment_by_name(given["experiment_name"])
    if experiment is None:
        return None
    # A folder may have quotes in its name, which the language of the filter cannot say.
    found = client.search_runs([experiment.experiment_id], f"tags.{JOB_TYPE} = '{identity.job_type}'")
    return next((run.info.run_id for run in found if run.data.tags.get("folder") == identity.tags["folder"]), None)


def summarise(logger: Any, identity: RunIdentity, summary: StudySummary) -> None:
    """Writes verdicts as tags, differences as metrics, and the document and the figures as artifacts."""
    client, run_id = logger.experiment, logger.run_id
    outcomes = {f"verdict/{claim}": str(outcome) for claim, outcome in summary.by_claim(OUTCOME, _key).items()}
    for name, value in {**_tags(identity), **outcomes}.items():
        client.set_tag(run_id, name, value)
    for column in NUMBERS:
        for claim, value in summary.by_claim(column, _key).items():
            client.log_metric(run_id, f"{column}/{claim}", value)
    client.log_text(run_id, summary.markdown, "summary.md")
    for name, svg in summary.figures.items():
        client.log_text(run_id, svg, f"figures/{name}.svg")


def _tags(identity: RunIdentity) -> dict[str, str]:
    return {"mlflow.note.content": identity.note, JOB_TYPE: identity.job_type, **identity.tags}


def _key(claim: str) -> str:
    """A claim within the name of a metric or a tag."""
    return _NOT_IN_NAMES.sub("_", claim)[:MAX_CLAIM].strip()


def _store(identity: RunIdentity) -> Mapping[str, Any]:
    """A database in the study's folder: MLflow's folders of files take no new runs."""
    identity.study_folder.mkdir(parents=True, exist_ok=True)
    place = identity.study_folder.resolve()
    return {"tracking_uri": f"sqlite:///{place / 'mlflow.db'}", "artifact_location": str(place / "mlflow")}
