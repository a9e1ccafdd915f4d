"""What a training can change in its process for those after it, read and put back."""

import gc
import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Something of the process that code can change. What it was is compared with what it is, by `!=`."""

    read: Callable[[], Any]
    restore: Callable[[Any], None]
    """Called where the value is another."""
    stays: bool = False
    """Whether a change is kept that a user-defined module makes when it is imported: it is imported once."""


class Snapshot:
    """The settings as they were."""

    def __init__(self) -> None:
        self._values = {name: setting.read() for name, setting in SETTINGS.items()}

    def restore(self) -> None:
        """Puts back what is not as it was."""
        for name, value in self._values.items():
            if value != SETTINGS[name].read():
                SETTINGS[name].restore(value)

    def keep(self, name: str, before: Any, after: Any) -> None:
        """Takes a change into what is put back. Of mappings, single keys."""
        kept = self._values[name]
        if isinstance(kept, dict):
            lost = {k for k in before if k not in after}
            changed = {k: v for k, v in after.items() if k not in before or before[k] != v}
            self._values[name] = type(kept)({k: v for k, v in kept.items() if k not in lost} | changed)
        else:
            self._values[name] = after


@contextmanager
def settings_restored() -> Generator[None]:
    """Restores all settings at the end, except what the import of a user-defined module has changed."""
    snapshot = Snapshot()
    _active.append(snapshot)
    try:
        yield
    finally:
        _active.remove(snapshot)
        snapshot.restore()


@contextmanager
def changes_kept() -> Generator[None]:
    """Keeps what is changed in it, where settings would be put back: for the import of a module.

    Its code is executed once in a process. A variable of the environment that it sets is there for all its trainings.
    """
    staying = {name: setting for name, setting in SETTINGS.items() if setting.stays} if _active else {}
    before = {name: setting.read() for name, setting in staying.items()}
    try:
        yield
    finally:
        for name, setting in staying.items():
            if (after := setting.read()) != before[name]:
                for snapshot in _active:
                    snapshot.keep(name, before[name], after)


def is_isolated() -> bool:
    """Whether settings will be put back at the end of what is done now."""
    return bool(_active)


_active: list[Snapshot] = []


def _environment(value: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(value)


def _directory() -> str | None:
    try:
        return str(Path.cwd())
    except FileNotFoundError:
        return None


def _change_directory(value: str | None) -> None:
    if value is not None:
        with suppress(OSError):
            os.chdir(value)


def _umask() -> int:
    value = os.umask(0o022)
    os.umask(value)
    return value


def _path(value: list[str]) -> None:
    """What was removed is put back; what was added stays, once: a module may need it later."""
    added = [place for place in dict.fromkeys(sys.path) if place not in value]
    sys.path[:] = [*added, *value]


class _Modules(dict[str, ModuleType]):
    """Modules by name, equal where each of the first is still the same in the second: new ones may come."""

    def __ne__(self, other: object) -> bool:
        return not isinstance(other, dict) or any(other.get(name) is not module for name, module in self.items())

    def __eq__(self, other: object) -> bool:
        return not self != other

    __hash__ = None  # pyright: ignore[reportAssignmentType]


def _read_modules() -> _Modules:
    return _Modules((name, module) for name, module in sys.modules.items() if type(module) is ModuleType)


def _handlers() -> dict[int, Any]:
    if threading.current_thread() is not threading.main_thread():
        return {}  # only the main thread may set them
    numbers = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}
    return {number: handler for number in numbers if (handler := signal.getsignal(number)) is not None}


def _set_handlers(value: dict[int, Any]) -> None:
    for number, handler in value.items():
        if signal.getsignal(number) is not handler:
            signal.signal(number, handler)


def _timer_ends() -> int | None:
    """When the timer of `signal.alarm` will ring, to the second; None: it is not set."""
    left = signal.getitimer(signal.ITIMER_REAL)[0]
    return round(time.monotonic() + left) if left else None


def _set_timer(value: int | None) -> None:
    signal.setitimer(signal.ITIMER_REAL, 0 if value is None else max(value - time.monotonic(), 0.001))


def _root_logger() -> tuple[int, list[logging.Handler], int]:
    return logging.root.level, list(logging.root.handlers), logging.root.manager.disable


def _set_root_logger(value: tuple[int, list[logging.Handler], int]) -> None:
    logging.root.setLevel(value[0])
    logging.root.handlers[:] = value[1]
    logging.disable(value[2])


def _set_device(value: torch.device) -> None:
    """The default, the CPU, is set as no device: torch then intercepts no calls."""
    torch.set_default_device(None if value.type == "cpu" else value)


def _anomaly() -> tuple[bool, bool]:
    return torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()


def _set_determinism(value: int) -> None:
    torch.set_deterministic_debug_mode(value)


def _errors_of_numpy() -> dict[str, Any]:
    return dict(np.geterr())


def _backend(part: Any, name: str, **options: Any) -> dict[str, Setting]:
    setting = Setting(read=lambda: getattr(part, name), restore=lambda value: setattr(part, name, value), **options)
    return {f"{getattr(part, '__name__', part)}.{name}": setting}


def _scopes(names: tuple[str, ...]) -> dict[str, Setting]:
    return {key: setting for name in names for key, setting in _backend(torch.backends.cudnn, name).items()}


SETTINGS: dict[str, Setting] = {
    "environment": Setting(read=lambda: dict(os.environ), restore=_environment, stays=True),
    "working directory": Setting(read=_directory, restore=_change_directory),
    "umask": Setting(read=_umask, restore=lambda value: (os.umask(value), None)[1]),
    "import path": Setting(read=lambda: list(sys.path), restore=_path, stays=True),
    "modules": Setting(read=_read_modules, restore=sys.modules.update),  # new ones stay in any case
    "signal handlers": Setting(read=_handlers, restore=_set_handlers),
    "timer": Setting(read=_timer_ends, restore=_set_timer),
    "root logger": Setting(read=_root_logger, restore=_set_root_logger),
    "exception hook": Setting(read=lambda: sys.excepthook, restore=lambda value: setattr(sys, "excepthook", value)),
    "garbage collector": Setting(read=gc.isenabled, restore=lambda value: gc.enable() if value else gc.disable()),
    "recursion limit": Setting(read=sys.getrecursionlimit, restore=sys.setrecursionlimit, stays=True),
    "start method": Setting(
        read=lambda: multiprocessing.get_start_method(allow_none=True),
        restore=lambda value: multiprocessing.set_start_method(value, force=True),
        stays=True,
    ),
    "sharing strategy": Setting(
        read=torch.multiprocessing.get_sharing_strategy,
        restore=torch.multiprocessing.set_sharing_strategy,
        stays=True,
    ),
    "errors of numpy": Setting(read=_errors_of_numpy, restore=lambda value: (np.seterr(**value), None)[1]),
    "default dtype": Setting(read=torch.get_default_dtype, restore=torch.set_default_dtype, stays=True),
    "default device": Setting(read=torch.get_default_device, restore=_set_device, stays=True),
    "threads": Setting(read=torch.get_num_threads, restore=torch.set_num_threads),
    "gradients": Setting(read=torch.is_grad_enabled, restore=lambda value: (torch.set_grad_enabled(value), None)[1]),
    "anomalies": Setting(
        read=_anomaly, restore=lambda value: (torch.autograd.set_detect_anomaly(value[0], value[1]), None)[1]
    ),
    # Read first: to set it, torch loads its compiler, which takes a second.
    "determinism": Setting(read=torch.get_deterministic_debug_mode, restore=_set_determinism),
    **_scopes(("enabled", "benchmark", "deterministic")),
}
"""Name → what it is. The generators and the precision of products, which every training changes, are `isolation`'s."""
