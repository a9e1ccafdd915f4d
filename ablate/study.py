"""The public Python API: load a study, plan it, run it, summarise it. Resume lives here: planned minus finished."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import msgspec

from ablate.analyze.summary import Summary
from ablate.errors import StoreError, unknown

if TYPE_CHECKING:
    from ablate.config.spec import Config, StudySpec
    from ablate.design import Layout
    from ablate.execute.engines import Engine
    from ablate.execute.examine import Size
    from ablate.execute.health import Finding
    from ablate.plan import Trial
    from ablate.store import Contents, Frozen, Record, StudyDirectory

# Everything heavier than msgspec is imported where it is used: `show` of a finished study needs none of it.

SUMMARY = "summary.json"
SUMMARY_SCHEMA = 1
"""Rises when an analysis would say something else of the same records: older summaries are then made again."""

Stale = Literal["keep", "rerun"]


class Observer(Protocol):
    """Who is told how a run goes."""

    def told(self, message: str) -> None:
        """Something that the user must know before or while it goes on."""
        ...

    def started(self, planned: Plan, already: int) -> None:
        """What is going to be there, and how many of its trials are there already."""
        ...

    def finished(self, record: Record) -> None:
        """One more trial has ended, in whatever state."""
        ...


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a study is: its design points with their configurations, its trials, and which of them are there.

    `notes` says what joining the request with the study on disk has led to.
    """

    spec: StudySpec
    layout: Layout
    configs: tuple[Config, ...]
    trials: tuple[Trial, ...]
    directory: Path
    contents: Contents
    frozen: bytes | None
    """study.yaml as it was when the plan was made; None where there was none."""
    added: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def records(self) -> tuple[Record, ...]:
        """The planned trials' records, in the order of the plan."""
        found = self.contents.records
        return tuple(found[t.id] for t in self.trials if t.id in found)

    @property
    def finished(self) -> int:
        """Trials that need no training."""
        return sum(r.state != "failed" for r in self.records)


def plan(words: Sequence[str], *, cwd: Path | None = None) -> Plan:
    """Reads a request such as `["head", "data=cifar10", "model.width=16,32"]`, joined with what is on disk.

    Nothing is written, and nothing heavier than Hydra is imported.

    Args:
        words: A study's name and Hydra overrides, as after `ablate run`.
        cwd: Where the user's `conf/` is, and what a relative `results_dir` is relative to; default: here.

    Raises:
        AblateError: anything in the request that does not fit, or a study on disk that is another one.
    """
    from ablate.analyze.claim import check_claim
    from ablate.config.load import load
    from ablate.design import lay_out
    from ablate.plan import trials
    from ablate.store import StudyDirectory, extend

    here = cwd or Path.cwd()
    study = load(words, here)
    spec, added, notes = study.spec, (), ()
    directory = StudyDirectory(here / spec.settings["results_dir"] / spec.directory)
    content = directory.read("study.yaml")
    if content is not None:
        frozen = directory.frozen().spec
        spec, added, notes = extend(frozen, spec)
        if not added:
            spec = replace(spec, request=frozen.request)  # the command that makes these results is still that one
    for claim in spec.claims:
        check_claim(claim)
    layout = lay_out(spec)
    configs = tuple(study.resolve(p.levels, p.overrides(spec.factors)) for p in layout.points)
    return Plan(
        spec=spec,
        layout=layout,
        configs=configs,
        trials=trials(spec, layout.points, configs),
        directory=directory.path,
        contents=directory.contents(),
        frozen=content,
        added=added,
        notes=notes,
    )


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What a plan would cost, and what it could tell. `seconds`: for what is missing; None where nobody can know."""

    sizes: tuple[Size, ...]
    bundles: int
    stacked: int
    """Trials that train as one with others."""
    alone: Mapping[str, int]
    """Why the others do not → how many of them."""
    seconds: float | None
    can: tuple[str, ...]
    cannot: tuple[str, ...]
    claims: tuple[str, ...]


def examine(planned: Plan) -> Outlook:
    """Builds every design point's network, times a few steps of it, and trains nothing (imports torch).

    Raises:
        AblateError: a network that does not build, two that are the same, missing data, a response never logged.
    """
    from ablate.design import estimable
    from ablate.execute.engines import engine
    from ablate.execute.estimate import seconds_per_trial
    from ablate.execute.examine import examine as look
    from ablate.execute.stacked.arrange import arrange
    from ablate.execute.stacked.saving import share

    workers = engine(planned.spec.settings["engine"]).workers
    sizes = look(planned.spec, planned.layout.points, planned.configs)
    done = {r.id for r in planned.records if r.state != "failed"}
    bundles = arrange(planned.trials, [t for t in planned.trials if t.id not in done], workers=workers)
    stacked = sum(len(b.trials) for b in bundles if b.stacked)
    alone = Counter(b.reason for b in bundles if not b.stacked)
    each = seconds_per_trial(planned.spec, planned.configs) if bundles else 0.0
    from ablate.analyze.foresight import foresee

    can, cannot = estimable(planned.spec)
    trainings = alone.total() + stacked * share(bundles)
    return Outlook(
        sizes=sizes,
        bundles=len(bundles),
        stacked=stacked,
        alone=alone,
        seconds=None if each is None else each * trainings / min(workers, max(len(bundles), 1)),
        can=can,
        cannot=cannot,
        claims=foresee(planned.spec, planned.layout.points, planned.records),
    )


def examine_machine(directory: Path, results_dir: Path) -> tuple[Finding, ...]:
    """Versions, devices, engines and write access, looked at one by one."""
    from ablate.execute.health import examine_machine as look

    return tuple(look(directory, results_dir))


def run(
    words: Sequence[str], *, observer: Observer, stale: Stale = "keep", cwd: Path | None = None
) -> tuple[Summary, Path]:
    """Makes a study's results be there: trains what is missing, then summarises.

    Args:
        words: As in `plan`.
        observer: Who is told how it goes.
        stale: What to do with trials whose code has changed since: `keep` them and say so, or `rerun` them.
        cwd: As in `plan`.

    Returns:
        The summary, and the study's directory.

    Raises:
        AblateError: the request was wrong, and nothing was written; or the disk filled up while it ran.
        KeyboardInterrupt: Ctrl-C; finished trials stay, and the same call goes on.
    """
    from ablate.execute.engines import engine as make_engine
    from ablate.store import Lock, StudyDirectory

    planned = plan(words, cwd=cwd)
    engine = make_engine(planned.spec.settings["engine"])
    directory, lock = StudyDirectory(planned.directory), Lock(planned.directory)
    is_new = not directory.path.exists()
    try:
        if is_new:
            directory.check_writable()
        else:
            lock.acquire()
            if (directory.read("study.yaml"), directory.digest()) != (planned.frozen, planned.contents.digest):
                planned = plan(words, cwd=cwd)  # another driver has finished between the first look and the lock
        for note in planned.notes:
            observer.told(note)
        for trial_id, reason in planned.contents.unreadable.items():
            observer.told(f"trials/{trial_id}/record.json cannot be counted ({reason}): set aside and trained again.")
        missing = _missing(planned, stale, observer)
        if _next(planned, missing, planned.contents.records):
            from ablate.execute.examine import examine as look

            engine.warm_up()
            look(planned.spec, planned.layout.points, planned.configs)
        if is_new:
            lock.acquire()
            if directory.exists:  # another driver has frozen it since: what is missing, and whether it fits, is anew
                lock.release()
                return run(words, observer=observer, stale=stale, cwd=cwd)
        directory.set_aside(planned.contents.unreadable)
        _freeze(directory, planned)
        observer.started(planned, len(planned.trials) - len(missing))
        tried: set[str] = set()
        while batch := _next(planned, [t for t in missing if t.id not in tried], directory.contents().records):
            _train(engine, planned, batch, observer)
            tried |= {t.id for t in batch}
        return save_summary(planned), directory.path
    finally:
        lock.release()


def summarise(path: Path) -> tuple[Summary, tuple[str, ...]]:
    """The summary of a study on disk: the saved one where it is of these very records, else made anew.

    Returns:
        The summary, and remarks on records that could not be counted.

    Raises:
        StoreError: there is no study, or it cannot be read.
    """
    from ablate.store import StudyDirectory

    directory = StudyDirectory(path)
    if not directory.exists:
        directory.frozen()
    content = directory.read(SUMMARY)
    if content is not None:
        try:
            saved = msgspec.json.decode(content, type=_Saved)
        except msgspec.MsgspecError:
            saved = None
        if saved is not None and saved.key == _key(directory):
            return saved.summary, ()
    from ablate.design import lay_out

    frozen = directory.frozen()
    layout = lay_out(frozen.spec)
    latest: dict[tuple[object, ...], Record] = {}
    contents = directory.contents()
    for record in sorted(contents.records.values(), key=lambda r: r.started):
        latest[(*record.levels.items(), record.replicate)] = record
    remarks = tuple(
        f"trials/{trial_id}/record.json cannot be counted ({reason}): 'ablate run' trains it again."
        for trial_id, reason in contents.unreadable.items()
    )
    return _summarise(frozen, layout, tuple(latest.values())), remarks


def save_summary(planned: Plan) -> Summary:
    """Summarises the records of a plan that are on disk, and keeps that as summary.json for `show`.

    Raises:
        StoreError: it cannot be written.
    """
    from ablate.store import StudyDirectory

    directory = StudyDirectory(planned.directory)
    found = directory.contents().records
    records = tuple(found[t.id] for t in planned.trials if t.id in found)
    summary = _summarise(directory.frozen(), planned.layout, records)
    saved = _Saved(key=_key(directory), summary=summary)
    directory.write(SUMMARY, msgspec.json.format(msgspec.json.encode(saved), indent=1))
    return summary


def find(study: str, results_dir: Path) -> Path:
    """The directory of a study by its name under the results directory, or by its path.

    Raises:
        StoreError: there is no such study; names the nearest.
    """
    for place in (results_dir / study, Path(study)):
        if (place / "study.yaml").is_file():
            return place
    there = sorted(p.parent.name for p in results_dir.glob("*/study.yaml"))
    made = f" With results in {results_dir}: {', '.join(there) or 'none'}."
    if relatives := [name for name in there if name.startswith(f"{study}@")]:
        raise StoreError(
            f"There are no results of {study!r} as it is in {results_dir}, but with other settings: "
            f"{', '.join(relatives)}. Name one of these, or train it: 'ablate run {study}'."
        )
    from ablate.config.catalog import Catalog

    known = Catalog(Path.cwd()).names("study")
    if study in known:
        raise StoreError(f"There are no results of {study!r} in {results_dir}: 'ablate run {study}' makes them.{made}")
    raise StoreError(unknown("study", study, {*known, *there}) + made)


class _Saved(msgspec.Struct, kw_only=True):
    """summary.json: what was said, and a key of what it was said of."""

    key: str
    summary: Summary


def _key(directory: StudyDirectory) -> str:
    study = directory.read("study.yaml") or b""
    return hashlib.sha256(f"{SUMMARY_SCHEMA} {directory.digest()}".encode() + study).hexdigest()


def _missing(planned: Plan, stale: Stale, observer: Observer) -> tuple[Trial, ...]:
    """Planned trials without a result: never trained, failed, or (if asked for) trained with other code."""
    records = planned.contents.records
    sources = _sources(planned)
    old = {
        t.id for t in planned.trials
        if (r := records.get(t.id)) and r.state != "failed" and r.provenance and r.provenance.source != sources[t.id]
    }  # fmt: skip
    if old:
        what = "they are trained again" if stale == "rerun" else "they are kept; --stale rerun trains them again"
        observer.told(f"The code of {len(old)} of {len(planned.trials)} trials has changed since they trained: {what}.")
    again = old if stale == "rerun" else set[str]()
    return tuple(t for t in planned.trials if t.id not in records or records[t.id].state == "failed" or t.id in again)


def _next(planned: Plan, missing: Sequence[Trial], records: Mapping[str, Record]) -> Sequence[Trial]:
    """Of the missing trials, those to train now: all of them, or in a group-sequential plan, up to the next look."""
    if planned.spec.looks is None or not missing:
        return missing
    from ablate.analyze.judgement import due

    points = planned.layout.points
    n, rows = due(planned.spec, points, [records[t.id] for t in planned.trials if t.id in records])
    wanted = {tuple(points[row].levels.items()) for row in rows}
    return [t for t in missing if t.replicate < n and tuple(t.point.levels.items()) in wanted]


def _sources(planned: Plan) -> Mapping[str, str]:
    """Trial id → digest of its code. Trials of one design point share their configuration, and so their code."""
    from ablate.execute.provenance import own_modules_first, source_digest

    own_modules_first()
    by_config: dict[int, str] = {}
    for trial in planned.trials:
        if id(trial.config) not in by_config:
            by_config[id(trial.config)] = source_digest(trial.config)
    return {trial.id: by_config[id(trial.config)] for trial in planned.trials}


def _freeze(directory: StudyDirectory, planned: Plan) -> None:
    from ablate.store import Frozen

    now = datetime.now(UTC).isoformat("T", "seconds")
    if not directory.exists:
        directory.freeze(Frozen(spec=planned.spec, history=(f"{now}: frozen, before the first trial",)))
    elif planned.added:
        before = directory.frozen()
        line = f"{now}: added {', '.join(planned.added)}, after {planned.finished} trials"
        looked = before.looked
        if planned.finished and planned.spec.replicates > before.spec.replicates:
            looked = (*looked, before.spec.replicates)
        directory.freeze(Frozen(spec=planned.spec, history=(*before.history, line), looked=looked))


def _train(engine: Engine, planned: Plan, missing: Sequence[Trial], observer: Observer) -> None:
    from ablate.execute.job import Job
    from ablate.execute.provenance import commit
    from ablate.execute.stacked.arrange import arrange

    if not missing:
        return
    sources, head = _sources(planned), commit(Path.cwd())
    jobs = [
        Job(bundle=b, directory=planned.directory, sources=tuple(sources[t.id] for t in b.trials), commit=head)
        for b in arrange(planned.trials, missing, workers=engine.workers)
    ]
    results = engine.run(jobs)
    try:
        for records in results:
            for record in records:
                observer.finished(record)
    finally:
        close: Callable[[], None] | None = getattr(results, "close", None)
        if close is not None:
            close()


def _summarise(frozen: Frozen, layout: Layout, records: Sequence[Record]) -> Summary:
    import numpy as np

    from ablate.analyze.extension import extension_note
    from ablate.analyze.summarise import summarise as analyze

    spec = frozen.spec
    notes = (*layout.notes, *layout.confounding)
    if frozen.looked and spec.claims and spec.looks is None:
        alpha = max(claim.alpha for claim in spec.claims)
        notes = (*notes, extension_note((*frozen.looked, spec.replicates), alpha=alpha))
    return analyze(spec, layout.points, records, rng=np.random.default_rng(spec.seed), notes=notes)
