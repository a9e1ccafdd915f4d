"""Objects that are passed from Python: kept by name in this process, and pickled for worker processes.

An object is available while its study runs. It is not stored with the results: a process that loads the study has to
be passed the object again to build its networks.
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
"""The `_target_` of a passed object is this and its name. It is part of the ids of trials."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PassedObject:
    """One object with its name and the digest of its code."""

    name: str
    value: Any
    digest: str
    """Of the object's code and of all that the code refers to; empty for data, whose digest is in the configuration."""

    @property
    def target(self) -> str:
        """The `_target_` that names it."""
        return f"{PREFIX}{self.name}"


PickledObjects = Mapping[str, tuple[str | bytes, str]]
"""Name → the pickled object, or the path of the file that it is in, and the object's digest."""

_objects: dict[str, PassedObject] = {}
_pickled: dict[str, tuple[str | bytes, str]] = {}
_folder: list[Path] = []
"""The folder for pickled objects, while any are bound; else empty."""


@contextmanager
def bound(objects: Iterable[PassedObject]) -> Iterator[None]:
    """Within the block, these objects are found by their names, here and in workers that are started meanwhile."""
    before = dict(_objects), dict(_pickled), list(_folder)
    with tempfile.TemporaryDirectory(prefix="ablate-objects-") as folder:
        _set({each.name: each for each in objects}, {}, [Path(folder)])
        try:
            yield
        finally:
            _set(*before)


def _set(objects: Mapping[str, PassedObject], pickled: PickledObjects, folder: list[Path]) -> None:
    _objects.clear()
    _objects.update(objects)
    _pickled.clear()
    _pickled.update(pickled)
    _folder[:] = folder


def names() -> tuple[str, ...]:
    """The names of all objects that this process has."""
    return tuple(dict.fromkeys((*_objects, *_pickled)))


def value(name: str) -> Any:
    """An object by its name; in a worker process it is unpickled on first use.

    Raises:
        KeyError: there is none of that name.
        ConfigError: it cannot be unpickled in this process.
    """
    if name not in _objects:
        pickled, digest = _pickled[name]
        _objects[name] = PassedObject(name=name, value=_unpickled(name, pickled), digest=digest)
        del _pickled[name]  # it may be large
    return _objects[name].value


def pickle_all() -> PickledObjects:
    """Pickles the objects for other processes on this machine, into files that exist until the block of `bound` ends.

    A worker, which was sent its objects, has no such block: there the pickled objects are in memory.

    Classes and functions of a script, a notebook or the interpreter are pickled whole, those of a module by their name.

    Raises:
        ConfigError: an object cannot be pickled, or its file cannot be written.
    """
    for name, each in _objects.items():
        if name not in _pickled and _folder:
            path = _folder[0] / str(len(_pickled))
            _pickle(each, path)
            _pickled[name] = str(path), each.digest
    in_memory = {name: (_pickled_again(each), each.digest) for name, each in _objects.items() if name not in _pickled}
    return {**_pickled, **in_memory}


def pickle_for_other_machines() -> Mapping[str, tuple[bytes, str]]:
    """As `pickle_all`, for processes that do not see the files of this machine: each object's content, and its digest.

    Raises:
        ConfigError: as `pickle_all`.
    """
    return {
        name: (pickled if isinstance(pickled, bytes) else Path(pickled).read_bytes(), digest)
        for name, (pickled, digest) in pickle_all().items()
    }


def receive(pickled: PickledObjects) -> None:
    """In another process than the driver: makes the objects available that the driver has pickled."""
    _set({}, pickled, [])


def digest(target: str) -> str | None:
    """The digest of the passed object that a `_target_` names; None: it names none, or one that is not available."""
    name = _name(target)
    if name in _objects:
        return _objects[name].digest
    return _pickled[name][1] if name in _pickled else None


def missing(target: str) -> str | None:
    """A message, where a `_target_` names a passed object that this process does not have; else None."""
    name = _name(target)
    if not name or name in _objects or name in _pickled:
        return None
    return (
        f"{name} was passed from Python, and this process does not have it. Run the script or the notebook that makes "
        f"the study, or pass it again: ablate.load(…, objects=[{name}])."
    )


def _name(target: str) -> str:
    """The name of the passed object in a `_target_`, which may go on with attributes of it; empty: there is none."""
    return target.removeprefix(PREFIX).partition(".")[0] if target.startswith(PREFIX) else ""


def _pickle(passed: PassedObject, path: Path) -> None:
    import cloudpickle

    try:
        with path.open("wb") as file:
            cloudpickle.dump(passed.value, file)
    except OSError as error:
        raise ConfigError(f"{passed.name} cannot be written to {path} for the workers: {error.strerror}.") from error
    except Exception as error:  # whatever its own pickling raises
        raise ConfigError(
            f"{passed.name} cannot be sent to a worker process: {type(error).__name__}: {error}. engine=inline trains "
            "in this process; or define it without what cannot be pickled."
        ) from error


def _pickled_again(passed: PassedObject) -> bytes:
    import cloudpickle

    return cloudpickle.dumps(passed.value)


def _unpickled(name: str, pickled: str | bytes) -> Any:
    try:
        if isinstance(pickled, bytes):
            return pickle.loads(pickled)
        with Path(pickled).open("rb") as file:
            return pickle.load(file)
    except Exception as error:  # whatever importing and rebuilding it raises
        raise ConfigError(
            f"{name} cannot be loaded in a worker process: {type(error).__name__}: {error}. engine=inline trains in "
            "the process that has it."
        ) from error
