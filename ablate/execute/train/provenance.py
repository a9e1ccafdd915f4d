"""The provenance of a record: versions, machine, commit, and a digest of the trained code."""

import hashlib
import platform
import socket
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path

import ablate
from ablate import files, passed_objects
from ablate.config.trial import TrialConfig
from ablate.execute.targets.data_files import files_digest
from ablate.execute.targets.sources import code, sources
from ablate.limits import MAX_TEXT_BYTES
from ablate.store.record import Provenance

INITIALISATION = 2
"""Rises when user-defined models are initialised in another way (`ablate.execute.train.layer_streams`). It is part of
the digest of their code, so that trials of both ways are not pooled silently."""


def provenance(
    *, device: str, threads: int, engine: str, source: str, commit: str | None, steps: str | None = None
) -> Provenance:
    """The provenance of a record that this process makes."""
    return Provenance(
        ablate=ablate.__version__,
        python=platform.python_version(),
        torch=_version("torch"),
        lightning=_version("pytorch-lightning"),
        host=socket.gethostname(),
        device=device,
        threads=threads,
        engine=engine,
        source=source,
        commit=commit,
        steps=steps,
    )


def commit(directory: Path) -> str | None:
    """The commit checked out in or above a directory, read from `.git` without calling git; None without one."""
    for place in (directory, *directory.parents):
        if (place / ".git").exists():
            return _head(place / ".git")
    return None


def source_digest(config: TrialConfig) -> str:
    """12 hex characters over the code that a configuration's `_target_`s name, comments and layout apart.

    Installed packages count by their version elsewhere in the record; ablate's own code and the user's count here, and
    how ablate initialises a model that is not its own; and data files that `data.root` names. Nothing is imported.
    """
    return _digest(config.targets, config.model.targets, config.data.located)


def source_digests(configs: Iterable[TrialConfig]) -> tuple[str, ...]:
    """The digests of many configurations. Code that several of them name is read once."""
    digest_of = cache(_digest)
    return tuple(digest_of(config.targets, config.model.targets, config.data.located) for config in configs)


def _digest(targets: frozenset[str], models: frozenset[str], located: tuple[str, ...]) -> str:
    passed = {found for target in targets if (found := passed_objects.digest(target)) is not None}
    imported = [target for target in targets if not target.startswith(passed_objects.PREFIX)]
    code_files = {file for target in imported for file in sources(target)}
    digest = hashlib.sha256()
    if any(target.partition(".")[0] != "ablate" or target.startswith(passed_objects.PREFIX) for target in models):
        digest.update(f"initialisation:{INITIALISATION}".encode())
    for found in sorted(passed - {""}):
        digest.update(f"given:{found}".encode())
    for content in sorted(file.name.encode() + code(file) for file in code_files):  # in any directory
        digest.update(content)
    for place in located:
        digest.update(f"data:{files_digest(Path(place).expanduser())}".encode())
    return digest.hexdigest()[:12]


@cache
def _version(package: str) -> str:
    """Cached: reading a version takes longer than writing a record."""
    return version(package)


def _head(git: Path) -> str | None:
    """The commit checked out in a `.git`: a folder, or the file that a worktree or submodule has instead."""
    try:
        if git.is_file():
            git = git.parent / _text(git).removeprefix("gitdir:").strip()
        head = _text(git / "HEAD").strip()
        if not head.startswith("ref: "):
            return head
        name = head.removeprefix("ref: ")
        shared = git / "commondir"  # a worktree has its own HEAD, and the repository's branches
        for place in (git, git / _text(shared).strip()) if shared.is_file() else (git,):
            if (place / name).is_file():
                return _text(place / name).strip()
            if (place / "packed-refs").is_file():
                packed = _text(place / "packed-refs").splitlines()
                if found := next((line.split()[0] for line in packed if line.endswith(f" {name}")), None):
                    return found
    except (OSError, ValueError):
        pass
    return None


def _text(file: Path) -> str:
    return files.read(file, limit=MAX_TEXT_BYTES, follow=True).decode()
