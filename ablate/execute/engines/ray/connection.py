"""The connection of this process to a Ray: one that is started for it, or one that runs."""

import json
import logging
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ablate.errors import EngineError
from ablate.execute.engines.ray import host
from ablate.execute.process import socket_directory

OBJECTS_BYTES = 80 * 2**20
"""Of a Ray of its own, for objects in shared memory, about the least that Ray takes: jobs and answers are small."""

PREFIX = "ablate-ray-"
"""Of the directory of a Ray of its own: its sockets and logs."""

BELOW_BYTES = len(f"/{PREFIX}12345678/session_2026-01-01_00-00-00_000000_1234567/sockets/plasma_store.12345")
"""What is added to the path of the temporary directory."""

END_S = 30.0
"""Time in which a Ray of its own has ended."""

VARIABLES: dict[str, str] = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_BACKEND_LOG_LEVEL": "error"}
"""Environment in which Ray starts and is connected to: no usage statistics, and no warnings on stderr."""

PRINTER = "print_to_stdstream"
"""The function of `ray._private.worker` by which a driver prints what daemons report."""

OWN_VARIABLES = {"RAY_worker_niceness": "0"}
"""Environment of a Ray of its own, beside those: trainings get as much of the processors as those of `engine=local`. By
default Ray's workers wait for whatever else runs there (niceness 15)."""

LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""Ray's own switch for a Ray that no other machine is to join. Without it, Ray takes 127.0.0.1 for the machine's outer
address, and listens on all."""

CODE = "code"
"""The folder in which nodes find the working directory, if it was sent to them. It is not itself on an import path: a
user-defined `queue.py` would hide Python's."""

NEVER_SENT = (".git", ".venv", "venv", "__pycache__", "node_modules")

SENT_WITH_CODE_ONLY = ("data", "results", "outputs", "multirun", "wandb", "mlruns", "lightning_logs", "checkpoints")
"""Folders that are sent only if there are Python files in them."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which Ray."""

    address: str | None
    """None: a Ray of its own."""
    cpus: int = 1
    """Of a Ray of its own, as Ray counts them."""
    host: str = "127.0.0.1"
    dashboard: bool = False
    code: Path | None = None
    """The working directory, where the nodes of a Ray that runs get it."""


@dataclass(kw_only=True)
class _Held:
    wanted: Wanted
    process: "subprocess.Popen[bytes] | None"
    undo: ExitStack = field(default_factory=ExitStack)
    """Restores what was changed of Ray's package for as long as the connection is there."""


_held: list[_Held] = []
"""The connection of this process, if it was made here."""


def connect(wanted: Wanted) -> None:
    """Connects this process, once. Where it is connected already, by whoever uses this package, that is kept.

    Raises:
        EngineError: Ray is not installed, cannot start, or is not there.
    """
    with _as_before(_variables(wanted)):
        ray = imported()
        if _held and _held[0].wanted == wanted and ray.is_initialized():
            return
        disconnect()
        if not ray.is_initialized():
            _connect(ray, wanted)


def _connect(ray: Any, wanted: Wanted) -> None:
    process, address = None, wanted.address
    if address is None:
        process, address = _start(wanted)
    _held.append(held := _Held(wanted=wanted, process=process))
    _silence(ray, held.undo)
    try:
        _init(ray, address, wanted)
    except Exception as error:
        disconnect()
        raise EngineError(
            f"engine=ray cannot connect to Ray at {address}: {_line(error)}. `ray status` on that machine says whether "
            "it runs; engine.address=null starts one here."
        ) from error
    except BaseException:
        disconnect()
        raise


def disconnect() -> None:
    """Ends the connection, if it was made here, and the Ray that was started for it."""
    if not _held:
        return
    ended = _held.pop()
    ray = imported()
    with suppress(Exception), _as_before({}):
        ray.shutdown()
    ended.undo.close()
    if (process := ended.process) is not None:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def nodes() -> Sequence[Mapping[str, float]]:
    """What each living node has: `CPU`, `GPU`, and more."""
    return [node["Resources"] for node in imported().nodes() if node["Alive"]]


def imported() -> Any:
    """Ray's package.

    Raises:
        EngineError: it is not installed.
    """
    try:
        import ray
    except ImportError as error:
        raise EngineError(f"Ray cannot be imported: {error}. Install it: pip install 'ablate-lab[ray]'.") from error
    return ray


def _init(ray: Any, address: str, wanted: Wanted) -> None:
    quiet = {"log_to_driver": False, "configure_logging": False}
    is_own = wanted.address is None
    _read_authentication()
    with _loopback(ray, is_own and _is_loopback(wanted.host)), _code(wanted.code) as code:
        ray.init(address=address, **quiet, **({"runtime_env": code} if code else {}))


def _start(wanted: Wanted) -> tuple["subprocess.Popen[bytes]", str]:
    """Starts a Ray on this machine; returns the process that holds it, and its address."""
    options = {
        "num_cpus": wanted.cpus,
        "include_dashboard": wanted.dashboard,
        "dashboard_host": wanted.host,
        "log_to_driver": False,
        "configure_logging": False,
        "object_store_memory": OBJECTS_BYTES,
        "_node_ip_address": wanted.host,
        "_temp_dir": _directory(),
    }
    process = subprocess.Popen(
        [sys.executable, "-P", host.__file__, json.dumps(options)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C in a terminal reaches the driver only
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
    except BaseException:  # Ctrl-C
        _held.append(_Held(wanted=wanted, process=process))
        disconnect()
        raise
    answer: dict[str, str] = json.loads(line) if line else {"error": f"it ended with exit code {process.wait()}"}
    if "error" in answer:
        _held.append(_Held(wanted=wanted, process=process))
        disconnect()
        raise EngineError(
            f"engine=ray cannot start Ray here: {answer['error']}. engine=local needs no Ray; engine.address=HOST:PORT "
            "takes one that runs."
        )
    return process, answer["address"]


def _directory() -> str:
    """A new directory for a Ray of its own, with a path that is short enough for its sockets."""
    try:
        root = socket_directory.root_for(BELOW_BYTES)
    except OSError as error:
        raise EngineError(f"engine=ray cannot start Ray here: {error}") from error
    return tempfile.mkdtemp(prefix=PREFIX, dir=root)


def _silence(ray: Any, undo: ExitStack) -> None:
    """Ray prints what its daemons report, to stdout, and logs warnings: what the user is to know, the engine says."""
    logger = logging.getLogger("ray")
    undo.callback(logger.setLevel, logger.level)
    logger.setLevel(logging.CRITICAL)
    module = getattr(getattr(ray, "_private", None), "worker", None)
    if (printer := getattr(module, PRINTER, None)) is not None:
        undo.callback(setattr, module, PRINTER, printer)
        setattr(module, PRINTER, lambda *_, **__: None)


def _variables(wanted: Wanted) -> dict[str, str]:
    """The environment in which Ray's processes start, and in which this one connects."""
    if wanted.address is not None:
        return VARIABLES
    # Without a token, any user of this machine could join.
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    return VARIABLES | OWN_VARIABLES | token | (LOOPBACK if _is_loopback(wanted.host) else {})


def _read_authentication() -> None:
    """Has Ray read the environment anew, as it does itself where it turns authentication on: it may have been used."""
    with suppress(ImportError, AttributeError):
        from ray._raylet import AuthenticationTokenLoader, Config  # pyright: ignore

        Config.initialize("")
        AuthenticationTokenLoader.instance().reset_cache()


def _is_loopback(address: str) -> bool:
    return address in ("localhost", "::1") or address.startswith("127.")


@contextmanager
def _as_before(variables: Mapping[str, str]) -> Generator[None]:
    """Sets variables of the environment, and restores that, signal handlers and the exception hook at the end."""
    environment, hook = dict(os.environ), sys.excepthook
    is_main_thread = threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(signal.SIGTERM)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(environment)
        sys.excepthook = hook
        if is_main_thread and handler is not None:
            signal.signal(signal.SIGTERM, handler)


@contextmanager
def _loopback(ray: Any, is_wanted: bool) -> Generator[None]:
    """Has Ray leave 127.0.0.1 as it is: what `LOOPBACK` does where Ray is imported after it is set."""
    constants = getattr(getattr(ray, "_private", None), "ray_constants", None)
    before = getattr(constants, "ENABLE_RAY_CLUSTER", None)
    if not is_wanted or before is None:
        yield
        return
    setattr(constants, "ENABLE_RAY_CLUSTER", False)  # noqa: B010 – no type checker knows it
    try:
        yield
    finally:
        setattr(constants, "ENABLE_RAY_CLUSTER", before)  # noqa: B010


@contextmanager
def _code(here: Path | None) -> Generator[dict[str, Any] | None]:
    """The runtime environment that sends the working directory to the nodes, and the variables of ablate."""
    if here is None:
        yield None
        return
    left_out = [name for name in SENT_WITH_CODE_ONLY if not [*(here / name).glob("*.py")]]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / CODE).symlink_to(here, target_is_directory=True)
        yield {
            "working_dir": folder,
            "excludes": [*NEVER_SENT, *(f"/{CODE}/{name}" for name in left_out)],
            "env_vars": {name: value for name, value in os.environ.items() if name.startswith("ABLATE_")},
        }


def _line(error: BaseException) -> str:
    """The first line of what an error says; the last beside it, where the first only announces it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    said = f"{lines[0]} {lines[-1]}" if lines[0].endswith(":") and len(lines) > 1 else lines[0]
    return said.rstrip(".")
