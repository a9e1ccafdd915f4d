"""A logger's run: of a trial, opened with what the trial is and closed at its end; or with the summary of a study."""

import importlib
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from filelock import FileLock

from ablate import files
from ablate.config.group import Group
from ablate.errors import AblateError, ConfigError, LoggerError
from ablate.execute.loggers.adapter import Adapter, adapter
from ablate.execute.loggers.identity import RunIdentity
from ablate.execute.loggers.mlflow_runs import SERVER
from ablate.execute.loggers.study_summary import StudySummary
from ablate.execute.process.isolation import isolated_process
from ablate.execute.targets.lightning_package import OURS, lightning_package
from ablate.execute.targets.target import build, locate, takes
from ablate.limits import MAX_RECORD_BYTES

MAX_REASON = 400
"""Characters of the reason why a summary was not written."""


def check_logger(group: Group, *, folder: Path) -> None:
    """Builds the logger that a configuration names, and opens no run.

    Raises:
        ConfigError: it cannot be built as configured, its package is not installed, or its service has no credentials.
    """
    if group.mapping:
        identity = RunIdentity(name="", group="", folder=folder / "trials" / "x", study_folder=folder)
        with _silent(), _restored(SERVER):
            _build(group, identity, is_checked=True)
            _adapter(group).check(group.mapping)


def _build(group: Group, identity: RunIdentity, *, run_id: str | None = None, is_checked: bool = False) -> Any:
    """The logger of a configuration, which goes on with the run of an id; None: it begins one."""
    try:
        made = _adapter(group)
        unopened = made.unopened if is_checked else {}
        resumed = {} if run_id is None else made.resume(run_id)
        return build({**_settings(group, identity), **unopened, **resumed}, "logger")
    except ConfigError as error:
        if "ModuleNotFoundError" in str(error):
            remedy = ", by the extra that has all loggers: pip install '.[loggers]' in a checkout of ablate;"
            is_of_lightning = ".loggers." in str(group.mapping.get("_target_"))
            raise ConfigError(
                f"{error} Install it{remedy if is_of_lightning else ','} or choose logger=csv."
            ) from error
        raise


@contextmanager
def logger_run(group: Group, identity: RunIdentity) -> Iterator[Any]:
    """The logger of one trial; None without one. Its run says what the trial is, and is closed at the end.

    Raises:
        ConfigError: as `check_logger`.
    """
    if not group.mapping:
        yield None
        return
    identity.folder.mkdir(parents=True, exist_ok=True)
    made = _adapter(group)
    with _opening(made, identity), _silent(), _restored(SERVER):
        logger = _build(group, identity, run_id=_kept_run_id(identity))
        logger.log_hyperparams(identity.settings)
        if run_id := made.run_id(logger):
            identity.run_id_file.write_text(run_id)
    failed, ended = True, True
    try:
        yield logger
        failed = False
    except Exception:
        raise
    except BaseException:  # Ctrl-C, or the end of the process: the training may go on from its checkpoint
        ended = False
        raise
    finally:
        logger.finalize("failed" if failed else "success")
        made.close(logger, failed)
        if ended:
            identity.run_id_file.unlink(missing_ok=True)


def silent_logger(group: Group, module: object) -> Any:
    """A logger that keeps nothing, for a fit without a run of its own; None where the configuration names no logger.

    A module or a callback may count on a logger: LearningRateMonitor raises an exception without one.
    """
    if not group.mapping:
        return None
    return importlib.import_module(f"{lightning_package(module) or OURS}.loggers.logger").DummyLogger()


def takes_summary(group: Group) -> bool:
    """Whether loggers of this kind get a study's summary.

    Raises:
        ConfigError: it is not there to be imported.
    """
    return _adapter(group).summarise is not None


def log_summary(group: Group, identity: RunIdentity, summary: StudySummary, *, run_id: str | None) -> str | None:
    """Writes a study's summary into a run of its own, or anew into the run that has it already.

    Args:
        group: The logger, of a kind that `takes_summary`.
        identity: Of the run.
        summary: What is written.
        run_id: As it was returned when an earlier summary of the study was written; None: there was none.

    Returns:
        The id of the run; None: the tool finds it without.

    Raises:
        LoggerError: it could not be written; says why, in a line.
    """
    made = _adapter(group)
    assert made.summarise is not None
    with isolated_process(threads=1):
        try:
            with _opening(made, identity), _silent(), _restored(SERVER):
                if made.find_summary is not None:
                    run_id = made.find_summary(_settings(group, identity), identity)
                logger = _build(group, identity, run_id=run_id)
                opened = made.run_id(logger)
                failed = True
                try:
                    made.summarise(logger, identity, summary)
                    failed = False
                    return opened if made.find_summary is None else None
                finally:
                    logger.finalize("failed" if failed else "success")
                    made.close(logger, failed)
        except Exception as error:
            said = str(error) if isinstance(error, AblateError) else f"{type(error).__name__}: {error}"
            raise LoggerError(" ".join(said.split())[:MAX_REASON]) from error


def log_diagnostics(logger: Any, values: Mapping[str, Mapping[str, float]], *, step: int) -> None:
    """Adds to an open run what was measured of the network: diagnostic → moment → value. None as logger: nothing."""
    found = {f"diagnostics/{name}/{moment}": value for name, of in values.items() for moment, value in of.items()}
    if logger is not None and found:
        with _silent():
            logger.log_metrics(found, step)


def _kept_run_id(identity: RunIdentity) -> str | None:
    """The id of the run that a training goes on with; None: it begins a new one."""
    if not (identity.resumes and identity.run_id_file.is_file()):
        return None
    return files.read(identity.run_id_file, limit=MAX_RECORD_BYTES).decode(errors="replace").strip() or None


@contextmanager
def _silent() -> Iterator[None]:
    """Nothing under an error is logged: packages say what they open, and set their own level as they are imported."""
    before = logging.root.manager.disable
    logging.disable(max(before, logging.WARNING))
    try:
        yield
    finally:
        logging.disable(before)


@contextmanager
def _restored(variable: str) -> Iterator[None]:
    """Puts an environment variable back as it was."""
    before = os.environ.get(variable)
    try:
        yield
    finally:
        os.environ.pop(variable, None)
        if before is not None:
            os.environ[variable] = before


def _class(group: Group) -> Any:
    """What a configuration names; `dict`: it names nothing."""
    target = group.get("_target_")
    return locate(target, "logger") if isinstance(target, str) else dict


def _adapter(group: Group) -> Adapter:
    return adapter(_class(group))


def _opening(made: Adapter, identity: RunIdentity) -> AbstractContextManager[Any]:
    """A lock, where one process at a time may open the store."""
    return FileLock(identity.study_folder / ".logger.lock") if made.opens_alone else nullcontext()


def _settings(group: Group, identity: RunIdentity) -> dict[str, Any]:
    """The configuration, with what it leaves open, where the logger takes it: it lacks the key, or has null there."""
    node, called = group.mapping, _class(group)
    made = adapter(called)
    try:
        ours = made.arguments(identity)
    except ModuleNotFoundError as error:
        raise ConfigError(f"logger: {node['_target_']} failed: {type(error).__name__}: {error}.") from error
    given = {k: v for k, v in ours.items() if node.get(k) is None and takes(called, k, by_name=made.by_name)}
    return {**node, **given}
