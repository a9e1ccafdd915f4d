"""What ablate gives to each kind of logger, and how its runs are written. Any other kind gets what it takes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import isclass
from typing import Any

from ablate.execute.loggers import folder_runs, mlflow_runs, wandb_runs
from ablate.execute.loggers.identity import RunIdentity
from ablate.execute.loggers.study_summary import StudySummary


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
    find_summary: Callable[[Mapping[str, Any], RunIdentity], str | None] | None = None
    """The id of the run that has a study's summary, found by what the logger is given; None: it must be kept."""
    summarise: Callable[[Any, RunIdentity, StudySummary], None] | None = None
    """Writes a study's summary into the open run of a logger; None: it gets none."""
    by_name: bool = False
    """Whether it gets only what its signature names, and nothing as one of its `**kwargs`."""


def adapter(called: Any) -> Adapter:
    """The adapter of a logger's class, or of one that it inherits from; of anything else, the one for any logger."""
    bases = [base.__name__ for base in called.__mro__] if isclass(called) else []
    return next((ADAPTERS[name] for name in bases if name in ADAPTERS), ANY)


def _any(identity: RunIdentity) -> Mapping[str, Any]:
    return {"save_dir": str(identity.folder), "name": identity.name, "run_name": identity.name, "group": identity.group}


ANY = Adapter(arguments=_any, by_name=True)

ADAPTERS: Mapping[str, Adapter] = {
    "CSVLogger": Adapter(arguments=folder_runs.arguments),
    "TensorBoardLogger": Adapter(arguments=folder_runs.tensorboard_arguments, summarise=folder_runs.summarise),
    "WandbLogger": Adapter(
        arguments=wandb_runs.arguments,
        close=wandb_runs.close,
        check=wandb_runs.check,
        run_id=wandb_runs.run_id,
        resume=wandb_runs.resume,
        summarise=wandb_runs.summarise,
    ),
    "MLFlowLogger": Adapter(
        arguments=mlflow_runs.arguments,
        opens_alone=True,
        unopened={"tracking_uri": "http://localhost"},
        run_id=mlflow_runs.run_id,
        resume=mlflow_runs.resume,
        find_summary=mlflow_runs.find_summary,
        summarise=mlflow_runs.summarise,
    ),
}
"""By the name of Lightning's class."""
