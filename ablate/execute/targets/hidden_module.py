"""A module in the working directory that Python does not import, since another one of its name comes first."""

import importlib.util
import sys
from pathlib import Path

from ablate.errors import ConfigError


def refuse_hidden(target: str, where: str) -> None:
    """Refuses a target whose module has the name of one of the standard library, which is what Python would import.

    Raises:
        ConfigError: the working directory has such a module.
    """
    root = target.partition(".")[0]
    if root in sys.stdlib_module_names and (file := _hidden_file(root)):
        raise ConfigError(
            f"{where}._target_: {target!r} cannot mean {file} in the working directory: {root!r} is a module of "
            "Python's standard library, which comes first. Rename the file, and write its new name here."
        )


def hidden_by_installed(root: str) -> str:
    """A sentence where the working directory has a module of an installed package's name; else nothing."""
    file = _hidden_file(root)
    if file is None:
        return ""
    return (
        f" {file} in the working directory is not meant: {root!r} is an installed package, which comes first. Rename "
        "the file if you mean it, and write its new name here."
    )


def _hidden_file(root: str) -> Path | None:
    """The file of a top-level module in the working directory, if Python imports another one by that name."""
    file = next((file for file in (Path(f"{root}.py"), Path(root, "__init__.py")) if file.is_file()), None)
    if file is None:
        return None
    try:
        found = importlib.util.find_spec(root)
    except (ImportError, ValueError):  # a module that is loaded may have no spec
        return file
    origin = found.origin if found is not None else None
    return None if origin is not None and Path(origin).resolve() == file.resolve() else file
