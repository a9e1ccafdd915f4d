"""The run of a logger for one trial: opened with what the trial is, and closed at its end."""

import importlib
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from filelock import FileLock

from ablate import files
from ablate.config.group import Group
from ablate.errors import ConfigError
from ablate.execute.loggers.adapter import MLFLOW_SERVER, adapter
from ablate.execute.loggers.identity import RunIdentity
from ablate.execute.targets.lightning_package import OURS, lightning_package
from ablate.execute.targets.target import build, locate, takes
from ablate.limits import MAX_RECORD_BYTES


def check_logger(group: Group, *, folder: Path) -> None:
    """Builds the logger that a configuration names, and opens no run.

    Raises:
        ConfigError: it cannot be built as configured, its package is not installed, or its service has no credentials.
    """
    if group.mapping:
        settings = {"study": "", "trial": "", "levels": {}, "replicate": 0, "seed": 0}
        identity = RunIdentity(name="", group="", settings=settings, folder=folder / "trials" / "x")
        with _silent(), _restored(MLFLOW_SERVER):
            _build(group, identity, is_checked=True)
            adapter(locate(group.mapping["_target_"], "logger")).check(group.mapping)


def _build(group: Group, identity: RunIdentity, *, is_checked: bool = False) -> Any:
    node = group.mapping
    try:
        called = locate(node["_target_"], "logger") if isinstance(node.get("_target_"), str) else dict
        unopened = adapter(called).unopened if is_checked else {}
        run_id = _kept_run_id(identity)
        resumed = {} if run_id is None else adapter(called).resume(run_id)
        return build({**node, **_arguments(called, node, identity), **unopened, **resumed}, "logger")
    except ConfigError as error:
        if "ModuleNotFoundError" in str(error):
            raise ConfigError(f"{error} Install it, or choose logger=csv.") from error
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
    made = adapter(locate(group.mapping["_target_"], "logger"))
    shared = FileLock(identity.study_folder / ".logger.lock") if made.opens_alone else nullcontext()
    with shared, _silent(), _restored(MLFLOW_SERVER):
        logger = _build(group, identity)
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


def _arguments(called: Any, node: Mapping[str, Any], identity: RunIdentity) -> dict[str, Any]:
    """What the logger takes, of what the configuration leaves open: it lacks the key, or has null there."""
    try:
        ours = adapter(called).arguments(identity)
    except ModuleNotFoundError as error:
        raise ConfigError(f"logger: {node['_target_']} failed: {type(error).__name__}: {error}.") from error
    is_named = adapter(called).by_name
    return {k: v for k, v in ours.items() if node.get(k) is None and takes(called, k, by_name=is_named)}
