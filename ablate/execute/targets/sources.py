"""The files that a `_target_` is made of, found by reading them: nothing is imported."""

import ast
import functools
import importlib.util
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

INSTALLED = {"site-packages", "dist-packages"}

FILES = 500
"""Files that a target counts at most: more is no model, but a framework that somebody works on."""


def sources(target: str) -> frozenset[Path]:
    """The files that a dotted name's code is in; none for an installed package, whose version tells.

    Of ablate itself: the package that the module is in. Of a person's own code: the module, the modules beside it in
    the same package, and what of theirs these import, wherever in a file they do.
    """
    root = target.partition(".")[0]
    if not is_own(root):
        return frozenset()
    waiting = list(_beside(target))
    found = set(waiting)
    while root != "ablate" and waiting and len(found) < FILES:
        new = sorted(set(_imported(waiting.pop(0))) - found)
        found.update(new)
        waiting.extend(new)
    return frozenset(found)


def code(file: Path) -> bytes:
    """What is in a file of Python, comments and layout apart; as it is, if it is none."""
    return _read(file.read_bytes()).code


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
    except (SyntaxError, ValueError):
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
    """Files of a person's own that a file imports. A name in a module leads to the module."""
    for level, parts in _read(file.read_bytes()).imports:
        if level:
            yield from _along(file.parents[level - 1], parts)
        elif parts[0] != "ablate" and is_own(parts[0]):
            origin = _origin(parts[0])
            assert origin is not None
            if origin.is_file():
                yield origin
            if origin.name == "__init__.py":
                yield from _along(origin.parent, parts[1:])


def _along(folder: Path, parts: tuple[str, ...]) -> Iterator[Path]:
    """Every module that stands on the way to a name in a package."""
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


def is_own(root: str) -> bool:
    """Whether a top-level package is ablate or a person's own: it is not installed."""
    origin = _origin(root)
    if origin is None:
        return False
    stdlib = Path(sysconfig.get_path("stdlib")).resolve()
    return root == "ablate" or not (INSTALLED & set(origin.parts) or origin.is_relative_to(stdlib))


def _origin(root: str) -> Path | None:
    """The file of a top-level module or package. That of a folder without an __init__.py is not there."""
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
