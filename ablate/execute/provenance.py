"""Where a record comes from: versions, machine, commit, and a digest of the code that was trained."""

import ast
import hashlib
import importlib.util
import platform
import socket
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import ablate
from ablate.config.spec import Config
from ablate.store.record import Provenance


def provenance(*, device: str, threads: int, engine: str, source: str, commit: str | None) -> Provenance:
    """The provenance of a record that this process makes."""
    return Provenance(
        ablate=ablate.__version__,
        python=platform.python_version(),
        torch=version("torch"),
        lightning=version("pytorch-lightning"),
        host=socket.gethostname(),
        device=device,
        threads=threads,
        engine=engine,
        source=source,
        commit=commit,
    )


def commit(directory: Path) -> str | None:
    """The commit checked out in or above a directory, read from `.git` without calling git; None without one."""
    for place in (directory, *directory.parents):
        git = place / ".git"
        if git.is_dir():
            return _head(git)
    return None


def source_digest(config: Config) -> str:
    """12 hex characters over the code that a configuration's `_target_`s name, comments and layout apart.

    Installed packages count by their version elsewhere in the record; ablate's own code and the user's count here: each
    target's module, and the modules beside it in the same package. Nothing is imported.
    """
    files = {file for target in _targets(config) for file in _sources(target)}
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(file.name.encode() + _parsed(file))
    return digest.hexdigest()[:12]


def _head(git: Path) -> str | None:
    try:
        head = (git / "HEAD").read_text(encoding="utf-8").strip()
        if not head.startswith("ref: "):
            return head
        reference = git / head.removeprefix("ref: ")
        if reference.is_file():
            return reference.read_text(encoding="utf-8").strip()
        packed = (git / "packed-refs").read_text(encoding="utf-8").splitlines()
        name = head.removeprefix("ref: ")
        return next((line.split()[0] for line in packed if line.endswith(" " + name)), None)
    except OSError:
        return None


def _targets(tree: Any) -> Iterator[str]:
    if isinstance(tree, Mapping):
        if isinstance(target := tree.get("_target_"), str):
            yield target
        for branch in tree.values():
            yield from _targets(branch)
    elif isinstance(tree, list):
        for branch in tree:
            yield from _targets(branch)


def _sources(target: str) -> tuple[Path, ...]:
    root = target.partition(".")[0]
    origin = _origin(root)
    if origin is None or (root != "ablate" and _is_installed(origin)):
        return ()
    place, parts = origin, target.split(".")
    if place.name != "__init__.py":
        return (place,)
    folder = place.parent
    for part in parts[1:]:
        if (folder / part).is_dir():
            folder = folder / part
        else:
            break
    return tuple(sorted(folder.glob("*.py")))


def _origin(root: str) -> Path | None:
    try:
        spec = importlib.util.find_spec(root)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    if spec.origin is not None and spec.origin.endswith(".py"):
        return Path(spec.origin).resolve()
    for place in spec.submodule_search_locations or ():  # a folder without __init__.py
        return Path(place).resolve() / "__init__.py"
    return None


def _is_installed(file: Path) -> bool:
    paths = [Path(sysconfig.get_path(name)).resolve() for name in ("purelib", "platlib", "stdlib")]
    return any(file.is_relative_to(path) for path in paths)


@cache
def _parsed(file: Path) -> bytes:
    text = file.read_text(encoding="utf-8")
    try:
        return ast.dump(ast.parse(text)).encode()
    except SyntaxError:
        return text.encode()


def own_modules_first() -> None:
    """Puts the working directory first on the import path: a `_target_` beside `conf/` is found there."""
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
