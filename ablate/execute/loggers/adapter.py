"""What ablate gives to each kind of logger, and how its run is closed. A logger of another kind gets what it takes."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import isclass
from typing import Any

from ablate.errors import ConfigError
from ablate.execute.loggers.identity import RunIdentity

MLFLOW_SERVER = "MLFLOW_TRACKING_URI"
"""The environment variable that names the user's server. MLflow itself sets it when it opens a store."""

LOG = "log"
"""The folder in a trial's own, for loggers whose name is one."""


MAX_TAG = 64
"""Characters of a tag of Weights & Biases."""


def _nothing(*_: object) -> None:
    return None


def _no_arguments(_: str) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, kw_only=True)
class Adapter:
    """One kind of logger."""

    arguments: Callable[[RunIdentity], Mapping[str, Any]]
    """What it is given where the configuration does not say."""
    close: Callable[[Any, bool], None] = _nothing
    """Closes the run, after Lightning's `finalize`; whether the training failed."""
    opens_alone: bool = False
    """Whether its store is shared by the trials of the study, so that one process at a time may open it."""
    unopened: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What a logger is given that is made to be checked, so that it opens no store."""
    check: Callable[[Mapping[str, Any]], None] = _nothing
    """Refuses what the logger's configuration and this machine do not allow, before anything is trained."""
    run_id: Callable[[Any], str | None] = _nothing
    """The id by which the tool finds the open run of a logger again; None: it needs none."""
    resume: Callable[[str], Mapping[str, Any]] = _no_arguments
    """What a logger is given to go on with the run of an id."""
    by_name: bool = False
    """Whether it gets only what its signature names, and nothing as one of its `**kwargs`."""


def adapter(called: Any) -> Adapter:
    """The adapter of a logger's class, or of one that it inherits from; of anything else, the one for any logger."""
    bases = [base.__name__ for base in called.__mro__] if isclass(called) else []
    return next((ADAPTERS[name] for name in bases if name in ADAPTERS), ANY)


def _in_folder(identity: RunIdentity) -> Mapping[str, Any]:
    return {"save_dir": str(identity.folder), "name": LOG, "version": ""}


def _any(identity: RunIdentity) -> Mapping[str, Any]:
    return {"save_dir": str(identity.folder), "name": identity.name, "run_name": identity.name, "group": identity.group}


def _wandb(identity: RunIdentity) -> Mapping[str, Any]:
    import wandb

    return {
        "save_dir": str(identity.folder),
        "name": identity.name,
        "group": identity.group,
        "job_type": "trial",
        "tags": [label[:MAX_TAG] for label in identity.labels],
        "notes": identity.note,
        "settings": wandb.Settings(silent=True, console="off"),
    }


def _check_wandb(node: Mapping[str, Any]) -> None:
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


def _close_wandb(logger: Any, failed: bool) -> None:
    """Ends the run. Without that, the next trial of this process goes on in it, and its rows stay in memory."""
    logger.experiment.finish(exit_code=int(failed))


def _wandb_run_id(logger: Any) -> str | None:
    return logger.experiment.id


def _resume_wandb(run_id: str) -> Mapping[str, Any]:
    return {"id": run_id, "resume": "allow"}


def _mlflow_run_id(logger: Any) -> str | None:
    return logger.run_id


def _resume_mlflow(run_id: str) -> Mapping[str, Any]:
    return {"run_id": run_id}


def _mlflow(identity: RunIdentity) -> Mapping[str, Any]:
    server = os.environ.get(MLFLOW_SERVER)
    given = {"tracking_uri": server} if server else _mlflow_store(identity)
    settings = identity.settings
    return {
        **given,
        "experiment_name": identity.group,
        "run_name": identity.name,
        "tags": {
            "mlflow.note.content": identity.note,
            **{key: str(settings[key]) for key in ("study", "trial", "replicate", "seed")},
            **{f"level.{name}": level for name, level in settings["levels"].items()},
        },
    }


def _mlflow_store(identity: RunIdentity) -> Mapping[str, Any]:
    """A database in the study's folder: MLflow's folders of files take no new runs."""
    identity.study_folder.mkdir(parents=True, exist_ok=True)
    place = identity.study_folder.resolve()
    return {"tracking_uri": f"sqlite:///{place / 'mlflow.db'}", "artifact_location": str(place / "mlflow")}


ANY = Adapter(arguments=_any, by_name=True)

ADAPTERS: Mapping[str, Adapter] = {
    "CSVLogger": Adapter(arguments=_in_folder),
    "TensorBoardLogger": Adapter(arguments=_in_folder),
    "WandbLogger": Adapter(
        arguments=_wandb, close=_close_wandb, check=_check_wandb, run_id=_wandb_run_id, resume=_resume_wandb
    ),
    "MLFlowLogger": Adapter(
        arguments=_mlflow,
        opens_alone=True,
        unopened={"tracking_uri": "http://localhost"},
        run_id=_mlflow_run_id,
        resume=_resume_mlflow,
    ),
}
"""By the name of Lightning's class."""
