"""Objects that are passed from Python, under the names by which a configuration calls them: `ablate.given.NAME`.

They are there while a study of them runs, and in the processes that work for it. Nothing of them is on disk: a study
that is loaded in another process has to be passed them again to build its networks.
"""

import pickle
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ablate.errors import ConfigError

PREFIX = "ablate.given."
"""What a `_target_` begins with that names such an object."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Given:
    """One object."""

    name: str
    value: Any
    digest: str
    """Of its code, and of what that refers to; empty where the configuration itself says what it holds."""

    @property
    def target(self) -> str:
        """As a configuration names it."""
        return f"{PREFIX}{self.name}"


Files = Mapping[str, tuple[str, str]]
"""Name → the file of a pickled object, and the object's digest."""

_bound: dict[str, Given] = {}
_files: dict[str, tuple[str, str]] = {}
_folder: list[Path] = []
"""Where objects are pickled to, while any are bound."""


@contextmanager
def bound(objects: Iterable[Given]) -> Iterator[None]:
    """Makes objects known by their names to this process, and to workers that it starts meanwhile."""
    before = dict(_bound), dict(_files), list(_folder)
    with tempfile.TemporaryDirectory(prefix="ablate-given-") as folder:
        _set({one.name: one for one in objects}, {}, [Path(folder)])
        try:
            yield
        finally:
            _set(*before)


def _set(bound: Mapping[str, Given], files: Files, folder: list[Path]) -> None:
    _bound.clear()
    _bound.update(bound)
    _files.clear()
    _files.update(files)
    _folder[:] = folder


def names() -> tuple[str, ...]:
    """Of the objects that are known to this process."""
    return tuple(dict.fromkeys((*_bound, *_files)))


def files() -> Files:
    """The objects as files that another process on this machine can take them from. They last as long as `bound`.

    Classes and functions of a script, a notebook or the interpreter are pickled whole, those of a module by their name.

    Raises:
        ConfigError: an object cannot be pickled.
    """
    for name, one in _bound.items():
        if name not in _files:
            path = _folder[0] / str(len(_files))
            try:
                import cloudpickle

                with path.open("wb") as file:
                    cloudpickle.dump(one.value, file)
            except OSError as error:
                raise ConfigError(f"{name} cannot be written to {path} for the workers: {error.strerror}.") from error
            except Exception as error:  # whatever its own pickling raises
                raise ConfigError(
                    f"{name} cannot be sent to a worker process: {type(error).__name__}: {error}. engine=inline trains "
                    "in this process; or define it without what cannot be pickled."
                ) from error
            _files[name] = str(path), one.digest
    return dict(_files)


def receive(sent: Files) -> None:
    """In a worker: makes objects known that its driver has sent, which are read when they are asked for."""
    _set({}, sent, [])


def digest(target: str) -> str | None:
    """The digest of the code that a `_target_` names; None: it names no given object, or one that is not there."""
    name = target.removeprefix(PREFIX).partition(".")[0] if target.startswith(PREFIX) else ""
    if name in _bound:
        return _bound[name].digest
    return _files[name][1] if name in _files else None


def missing(target: str) -> str | None:
    """What to do where a `_target_` names a given object that this process does not have; None: it names none such."""
    if not target.startswith(PREFIX) or (name := target.removeprefix(PREFIX).partition(".")[0]) in {*_bound, *_files}:
        return None
    return (
        f"{name} was passed from Python, and this process does not have it. Run the script or the notebook that makes "
        f"the study, or pass it again: ablate.load(…, objects=[{name}])."
    )


def __getattr__(name: str) -> Any:
    """An object by its name.

    Raises:
        AttributeError: there is none of that name.
        ConfigError: it cannot be made again in this process.
    """
    if name in _bound:
        return _bound[name].value
    if name not in _files:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    path, known = _files[name]
    try:
        with Path(path).open("rb") as file:
            value = pickle.load(file)
    except Exception as error:  # whatever importing and rebuilding it raises
        raise ConfigError(
            f"{name} cannot be made again in a worker process: {type(error).__name__}: {error}. engine=inline trains "
            "in the process that has it."
        ) from error
    _bound[name] = Given(name=name, value=value, digest=known)
    return value
