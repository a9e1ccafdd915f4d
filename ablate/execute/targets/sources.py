"""The files that a `_target_` is made of, found by reading them: nothing is imported."""

import ast
import functools
import importlib.util
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ablate import files
from ablate.limits import MAX_TEXT_BYTES

INSTALLED_FOLDERS = {"site-packages", "dist-packages"}

MAX_FILES = 500
"""Files that a target counts at most: more are not a model, but a framework in development."""


def sources(target: str) -> frozenset[Path]:
    """The files that a dotted name's code is in; none for an installed package, whose version tells.

    Of ablate itself: the package that the module is in. Of user-defined code: the module, the modules beside it in the
    same package, and the user-defined modules that these import, anywhere in a file.
    """
    root = target.partition(".")[0]
    if not is_digested(root):
        return frozenset()
    waiting = list(_beside(target))
    found = set(waiting)
    while root != "ablate" and waiting and len(found) < MAX_FILES:
        new = sorted(set(_imported(waiting.pop(0))) - found)
        found.update(new)
        waiting.extend(new)
    return frozenset(found)


def code(file: Path) -> bytes:
    """A file of Python without comments and layout; unchanged where it does not parse."""
    return _read(_content(file)).code


def _content(file: Path) -> bytes:
    """A source that cannot be read, such as a named pipe, counts as empty: importing it raises the error."""
    try:
        return files.read(file, limit=MAX_TEXT_BYTES, follow=True)
    except OSError:
        return b""


class _Import(NamedTuple):
    level: int
    """0: from the top; 1 or more: from the file's own folder, or from one above it."""
    parts: tuple[str, ...]


class _Read(NamedTuple):
    code: bytes
    imports: tuple[_Import, ...]


@functools.lru_cache(maxsize=1024)
def _read(text: bytes) -> _Read:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return _Read(text, ())
    imports: list[_Import] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imports += [_Import(0, tuple(alias.name.split("."))) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = tuple(node.module.split(".")) if node.module else ()
            imports += [_Import(node.level, (*base, alias.name)) for alias in node.names]
    return _Read(ast.unparse(tree).encode(), tuple(imports))


def _imported(file: Path) -> Iterator[Path]:
    """The user-defined files that a file imports. A name in a module leads to the module."""
    for level, parts in _read(_content(file)).imports:
        if level:
            yield from _along(file.parents[level - 1], parts)
        elif parts[0] != "ablate" and is_digested(parts[0]):
            origin = _origin(parts[0])
            assert origin is not None
            if origin.is_file():
                yield origin
            if origin.name == "__init__.py":
                yield from _along(origin.parent, parts[1:])


def _along(folder: Path, parts: tuple[str, ...]) -> Iterator[Path]:
    """Every module on the path to a name in a package."""
    for part in parts:
        if (module := folder / f"{part}.py").is_file():
            yield module
        folder = folder / part
        if (package := folder / "__init__.py").is_file():
            yield package


def _beside(target: str) -> tuple[Path, ...]:
    """The module of a dotted name, and the modules beside it if it is in a package."""
    origin = _origin(target.partition(".")[0])
    if origin is None or origin.name != "__init__.py":
        return () if origin is None else (origin,)
    folder = origin.parent
    for part in target.split(".")[1:]:
        if not (folder / part).is_dir():
            break
        folder = folder / part
    return tuple(sorted(folder.glob("*.py")))


def is_digested(root: str) -> bool:
    """Whether a top-level package is ablate or user-defined, so that its source counts; of others the version does."""
    origin = _origin(root)
    if origin is None:
        return False
    stdlib = Path(sysconfig.get_path("stdlib")).resolve()
    return root == "ablate" or not (INSTALLED_FOLDERS & set(origin.parts) or origin.is_relative_to(stdlib))


def _origin(root: str) -> Path | None:
    """The file of a top-level module or package; it may not exist, for a folder without an __init__.py."""
    try:
        spec = importlib.util.find_spec(root)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    if spec.origin is not None and spec.origin.endswith(".py"):
        return Path(spec.origin).resolve()
    for place in spec.submodule_search_locations or ():
        return Path(place).resolve() / "__init__.py"
    return None
