"""The study's summary in its logger, written when it has changed since."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ablate.errors import AblateError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ablate.analysis.summary import Summary
    from ablate.config.group import Group
    from ablate.execute.engines import Engine
    from ablate.execute.loggers.study_summary import StudySummary
    from ablate.store import StudyDirectory
    from ablate.study.observer import Observer
    from ablate.study.study_plan import Plan

    Renderer = Callable[[Summary, Path], StudySummary]
    """Makes what a logger gets of a summary and the study's directory."""

LOGGED = "logged.json"


class _Logged(msgspec.Struct, kw_only=True, frozen=True):
    """What a logger has got of a study."""

    digest: str
    """Of the summary."""
    run_id: str | None = None
    """Of the run that it is in; None: the tool finds it without, or loggers of this kind get none."""


def log_summary(engine: Engine, planned: Plan, summary: Summary, render: Renderer, observer: Observer) -> None:
    """Writes the summary into the logger of the study's trials, unless it has got the same one before.

    What the logger has got is kept in the study's directory. Where it cannot be written, the observer gets a message,
    and the next call tries again.

    Raises:
        StoreError: what the logger has got cannot be kept.
    """
    from ablate.store import StudyDirectory

    groups = [group for group in dict.fromkeys(config.logger for config in planned.configs) if group.mapping]
    if not groups:
        return
    directory = StudyDirectory(planned.directory)
    digest = hashlib.sha256(msgspec.json.encode(summary)).hexdigest()
    for group in groups:
        before = _read(directory)
        key = hashlib.sha256(group.text.encode()).hexdigest()[:16]
        earlier = before.get(key)
        if earlier is not None and earlier.digest == digest:
            continue
        run_id = None if earlier is None else earlier.run_id
        try:
            run_id = _log(engine, planned, group, summary, render=render, run_id=run_id)
        except AblateError as error:
            observer.on_message(_failure(group, error, None if run_id is None else directory.path / LOGGED))
            continue
        after = {**before, key: _Logged(digest=digest, run_id=run_id)}
        directory.write(LOGGED, msgspec.json.encode(after))


def _log(
    engine: Engine, planned: Plan, group: Group, summary: Summary, *, render: Renderer, run_id: str | None
) -> str | None:
    """Writes it, unless loggers of this kind get none; returns the id by which its run is found again."""
    from ablate.execute import tasks
    from ablate.execute.loggers.identity import RunIdentity

    if not engine.call_here(tasks.takes_summary, group):
        return None
    identity = RunIdentity.of_summary(
        planned.spec.name, planned.directory, question=summary.question, command=summary.command
    )
    return engine.call_here(tasks.log_summary, group, identity, render(summary, planned.directory), run_id=run_id)


def _failure(group: Group, error: AblateError, kept: Path | None) -> str:
    """The message of a summary that was not written; `kept`: the file that names its run, if there is one."""
    name = str(group.get("_target_")).rpartition(".")[2]
    deleted = "" if kept is None else f" If its run was deleted there, remove {kept} first."
    return (
        f"The study's summary was not written by {name} ({error}). The results are on disk. The same command tries it "
        f"again, and trains nothing that is there.{deleted}"
    )


def _read(directory: StudyDirectory) -> dict[str, _Logged]:
    from ablate.store.derived_file import read_derived

    return read_derived(directory, LOGGED, _decode) or {}


def _decode(content: bytes) -> dict[str, _Logged]:
    return msgspec.json.decode(content, type=dict[str, _Logged])
