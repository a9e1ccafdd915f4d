"""The connection of this process to Ray: a local instance that is started for it, or an existing cluster."""

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
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ablate import passed_objects
from ablate.errors import EngineError
from ablate.execute.engines.ray import local_instance, working_directory
from ablate.execute.engines.ray.ray_private import (
    on_loopback,
    read_authentication,
    silence_daemons,
    silence_repetitions,
)
from ablate.execute.process import socket_directory

OBJECT_STORE_BYTES = 80 * 2**20
"""Shared memory of a local instance for Ray's objects, about the least that Ray accepts: jobs and replies are small."""

DIRECTORY_PREFIX = "ablate-ray-"
"""Begins the name of a local instance's directory, which holds its sockets and logs."""

SESSION = "session_2026-01-01_00-00-00_000000_1234567"
"""An example of the name that Ray gives to the folder of a session."""

SOCKET_PATH_BYTES = len(f"/{DIRECTORY_PREFIX}12345678/{SESSION}/sockets/plasma_store.12345")
"""Length of a socket's path below the temporary directory."""

SHUTDOWN_LIMIT_S = 30.0
"""Time after which a local instance that has not ended is killed."""

VARIABLES: dict[str, str] = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_BACKEND_LOG_LEVEL": "error"}
"""Environment variables for starting Ray and connecting to it: no usage statistics, no warnings on stderr."""

LOCAL_VARIABLES = {"RAY_worker_niceness": "0"}
"""Further variables for a local instance. Its workers have the priority of those of `engine=local`; by default Ray
gives its workers a lower one (niceness 15)."""

LOOPBACK_VARIABLES = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""Ray's switch for an instance that no other machine can join. Without it, Ray replaces 127.0.0.1 by the machine's
external address and listens on all addresses."""


@dataclass(frozen=True, kw_only=True)
class ConnectionSettings:
    """Which Ray to connect to."""

    address: str | None
    """Address of an existing cluster; None: a local instance is started."""
    cpus: int = 1
    """Logical CPUs of a local instance."""
    host: str = "127.0.0.1"
    """Address on which a local instance listens."""
    dashboard: bool = False
    """Whether a local instance has a dashboard."""
    sent_directory: Path | None = None
    """The working directory, if it is sent to the nodes of a cluster."""


@dataclass(kw_only=True)
class _Connection:
    settings: ConnectionSettings
    process: "subprocess.Popen[bytes] | None"
    """The program that runs the local instance; None: the cluster existed before."""
    undo: ExitStack = field(default_factory=ExitStack)
    """Restores what was changed in Ray's package while connected."""


_connection: list[_Connection] = []
"""The connection of this process; empty: there is none, or the code that calls ablate has made it."""


def connect(settings: ConnectionSettings) -> None:
    """Connects this process. A connection that the calling code has made with `ray.init` is kept.

    Raises:
        EngineError: Ray is not installed, cannot be started, or does not answer.
    """
    with _process_restored(_variables(settings)):
        ray = imported()
        if _connection and _connection[0].settings == settings and ray.is_initialized():
            return
        disconnect()
        if not ray.is_initialized():
            _connect(ray, settings)


def _connect(ray: Any, settings: ConnectionSettings) -> None:
    process, address = None, settings.address
    if address is None:
        process, address = _start(settings)
    _connection.append(made := _Connection(settings=settings, process=process))
    _silence(ray, made.undo)
    try:
        _init(ray, address, settings)
    except Exception as error:
        disconnect()
        raise EngineError(
            f"engine=ray cannot connect to Ray at {address}: {_line(error)}. `ray status` on that machine says whether "
            "it runs; engine.address=null starts a local instance."
        ) from error
    except BaseException:
        disconnect()
        raise


def disconnect() -> None:
    """Ends the connection that `connect` has made, and the local instance that was started for it."""
    if not _connection:
        return
    ended = _connection.pop()
    ray = imported()
    with suppress(Exception), _process_restored({}):
        ray.shutdown()
    ended.undo.close()
    if (process := ended.process) is not None:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(SHUTDOWN_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def nodes() -> Sequence[Mapping[str, float]]:
    """The total resources of each living node, such as `CPU` and `GPU`."""
    return [node["Resources"] for node in imported().nodes() if node["Alive"]]


@contextmanager
def loss_explained() -> Generator[None]:
    """Turns the error with which Ray's client says that it has lost its connection into an EngineError.

    Raises:
        EngineError: the connection was lost.
    """
    try:
        yield
    except ConnectionError as error:
        if type(error) is not ConnectionError:  # errors of the system are of subclasses
            raise
        address = _connection[0].settings.address if _connection else None
        raise EngineError(
            f"engine=ray has lost its connection to Ray at {address}: {_line(error)}. What is finished is recorded; "
            "the same command trains the rest."
        ) from error


def sent_objects() -> Any:
    """The objects that were passed from Python, in Ray's object store: an argument of actors on any node.

    Raises:
        ConfigError: an object cannot be pickled.
        EngineError: the objects cannot be sent.
    """
    objects = passed_objects.pickle_for_other_machines()
    try:
        return imported().put(objects) if objects else objects
    except Exception as error:
        size = sum(len(pickled) for pickled, _ in objects.values())
        raise EngineError(
            f"engine=ray cannot send what was passed from Python, {size:,} bytes: {_line(error)}. Have the trainings "
            "read large data from a file instead."
        ) from error


def imported() -> Any:
    """Ray's package.

    Raises:
        EngineError: it is not installed.
    """
    try:
        import ray
    except ImportError as error:
        raise EngineError(
            f"Ray cannot be imported: {error}. Install it: pip install '.[ray]' in a checkout of ablate."
        ) from error
    return ray


def _init(ray: Any, address: str, settings: ConnectionSettings) -> None:
    quiet = {"log_to_driver": False, "configure_logging": False}
    read_authentication()
    is_local = settings.address is None
    sent = nullcontext() if is_local else working_directory.runtime_environment(settings.sent_directory)
    # Also to an existing Ray of this machine: its variables may have been set after Ray was imported here.
    with on_loopback(ray, LOOPBACK_VARIABLES.items() <= os.environ.items()), sent as environment:
        ray.init(address=address, **quiet, **({"runtime_env": environment} if environment else {}))


def _start(settings: ConnectionSettings) -> tuple["subprocess.Popen[bytes]", str]:
    """Starts a local instance; returns the process that runs it, and its address.

    Raises:
        EngineError: it cannot be started.
    """
    options = {
        "num_cpus": settings.cpus,
        "include_dashboard": settings.dashboard,
        "dashboard_host": settings.host,
        "log_to_driver": False,
        "configure_logging": False,
        "object_store_memory": OBJECT_STORE_BYTES,
        "_node_ip_address": settings.host,
        "_temp_dir": _directory(),
    }
    process = subprocess.Popen(
        [sys.executable, "-P", local_instance.__file__, json.dumps(options)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C in a terminal reaches the driver only
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
    except BaseException:  # Ctrl-C
        _connection.append(_Connection(settings=settings, process=process))
        disconnect()
        raise
    answer: dict[str, str] = json.loads(line) if line else {"error": f"it ended with exit code {process.wait()}"}
    if "error" in answer:
        _connection.append(_Connection(settings=settings, process=process))
        disconnect()
        raise EngineError(
            f"engine=ray cannot start Ray here: {answer['error']}. engine=local needs no Ray; engine.address=HOST:PORT "
            "connects to an existing cluster."
        )
    return process, answer["address"]


def _directory() -> str:
    """Creates a directory for a local instance. Its path is short enough for sockets.

    Raises:
        EngineError: there is no such place.
    """
    try:
        root = socket_directory.root_for(SOCKET_PATH_BYTES)
    except OSError as error:
        raise EngineError(f"engine=ray cannot start Ray here: {error}") from error
    return tempfile.mkdtemp(prefix=DIRECTORY_PREFIX, dir=root)


def _silence(ray: Any, undo: ExitStack) -> None:
    """Stops Ray's package from logging warnings and from printing its daemons' messages to stdout.

    The engine reports to the user what matters.
    """
    logger = logging.getLogger("ray")
    logger.addHandler(none := logging.NullHandler())  # else Python writes warnings to stderr
    undo.callback(logger.removeHandler, none)
    for each in (logger, *logger.handlers):  # handlers, too: Ray's client sets the levels of loggers anew
        undo.callback(each.setLevel, each.level)
        each.setLevel(logging.CRITICAL)
    silence_repetitions(ray, undo)
    silence_daemons(ray, undo)


def _variables(settings: ConnectionSettings) -> dict[str, str]:
    """The environment variables with which Ray's processes start and this process connects."""
    if settings.address is not None:
        return VARIABLES
    # Without a token, any user of this machine could join.
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    return VARIABLES | LOCAL_VARIABLES | token | (LOOPBACK_VARIABLES if _is_loopback(settings.host) else {})


def _is_loopback(address: str) -> bool:
    return address in ("localhost", "::1") or address.startswith("127.")


@contextmanager
def _process_restored(variables: Mapping[str, str]) -> Generator[None]:
    """Sets environment variables; at the end restores the environment, SIGTERM's handler and the exception hook."""
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


def _line(error: BaseException) -> str:
    """The first line of an error's message, and its last line too if the first ends with a colon."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    said = f"{lines[0]} {lines[-1]}" if lines[0].endswith(":") and len(lines) > 1 else lines[0]
    return said.rstrip(".")
