"""Runs of Weights & Biases: what Lightning's logger is given, and how a study's summary is written."""

import os
from collections.abc import Mapping
from typing import Any

from ablate.errors import ConfigError
from ablate.execute.loggers.identity import RunIdentity
from ablate.execute.loggers.study_summary import COLUMNS, NUMBERS, OUTCOME, StudySummary

MAX_TAG = 64
"""Characters of a tag."""


def arguments(identity: RunIdentity) -> Mapping[str, Any]:
    """What the logger is given where the configuration does not say."""
    import wandb

    return {
        "save_dir": str(identity.folder),
        "name": identity.name,
        "group": identity.group,
        "job_type": identity.job_type,
        "tags": [label[:MAX_TAG] for label in identity.labels],
        "notes": identity.note,
        "settings": wandb.Settings(silent=True, console="off"),
    }


def check(node: Mapping[str, Any]) -> None:
    """Checks for credentials before any trial: each would fail without them, and cannot prompt for them.

    Raises:
        ConfigError: there are none.
    """
    import wandb

    if node.get("offline") or os.environ.get("WANDB_MODE", "online") != "online":
        return
    if not wandb.login(prompt=False, verify=False):
        raise ConfigError(
            "logger: nobody is logged in to Weights & Biases. Run `wandb login`, set WANDB_API_KEY, or choose "
            "logger.offline=true and send the files later with `wandb sync`."
        )


def close(logger: Any, failed: bool) -> None:
    """Ends the run. Without that, the next trial of this process goes on in it, and its rows stay in memory."""
    logger.experiment.finish(exit_code=int(failed))


def run_id(logger: Any) -> str | None:
    """The id of the open run."""
    return logger.experiment.id


def resume(run_id: str) -> Mapping[str, Any]:
    """What the logger is given to go on with a run."""
    return {"id": run_id, "resume": "allow"}


def summarise(logger: Any, identity: RunIdentity, summary: StudySummary) -> None:
    """Writes values into the run's summary; the verdicts as a table, and the figures as pages."""
    import wandb

    run = logger.experiment
    run.summary.update(
        {
            "question": summary.question,
            "command": summary.command,
            "folder": identity.tags["folder"],
            **{f"verdict/{claim}": outcome for claim, outcome in summary.by_claim(OUTCOME).items()},
            **{f"{column}/{claim}": v for column in NUMBERS for claim, v in summary.by_claim(column).items()},
        }
    )
    rows: list[Any] = [[verdict[column] for column in COLUMNS] for verdict in summary.verdicts]
    panels: dict[str, Any] = {"verdicts": wandb.Table(columns=list(COLUMNS), data=rows)}
    for name, svg in summary.figures.items():
        panels[f"figures/{name}"] = wandb.Html(svg[svg.index("<svg") :], inject=False)
    run.log(panels)
