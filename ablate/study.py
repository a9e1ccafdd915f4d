"""The public Python API: load a study, plan it, run it, summarise it. Resume lives here: planned minus finished."""

from __future__ import annotations

import hashlib
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
    from ablate.design import DesignPoint, Layout
    from ablate.execute.engines import Engine
    from ablate.execute.examine import Size
    from ablate.execute.health import Finding
    from ablate.plan import Trial
    from ablate.store import Checked, Contents, Frozen, Record, StudyDirectory
    from ablate.store.costs import Cost

# Everything heavier than msgspec is imported where it is used: `show` of a finished study needs none of it.

SUMMARY = "summary.json"
SUMMARY_SCHEMA = 5
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

    Nothing is written, and nothing heavier than Hydra is imported, unless capacity is to be matched (torch).

    Args:
        words: A study's name and Hydra overrides, as after `ablate run`.
        cwd: Where the user's `conf/` is, and what a relative `results_dir` is relative to; default: here.

    Raises:
        AblateError: anything in the request that does not fit, or a study on disk that is another one.
    """
    from ablate.analyze.claim import check_claim
    from ablate.analyze.looks import check_looks
    from ablate.analyze.pooling import check_pooling
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
        spec, added, notes = extend(frozen, spec, trials=_seen(directory.contents()))
        if (spec.factors, spec.replicates) == (frozen.factors, frozen.replicates):
            spec = replace(spec, request=frozen.request)  # the command that makes these results is still that one
    for claim in (*spec.claims, *spec.later):
        check_claim(claim, spec.response)
    check_looks(spec)
    check_pooling(spec)
    layout = lay_out(spec)
    configs = tuple(study.resolve(p.levels, p.overrides(spec.factors)) for p in layout.points)
    if spec.capacity is not None:
        from ablate.execute.capacity import match

        configs = match(spec, layout.points, configs, study.resolve)
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
    costs: tuple[Cost | None, ...]
    """As they are on disk; the other design points are measured now. None: the time for it was over."""
    timed_on: tuple[str, ...]
    bundles: int
    seconds: float | None
    can: tuple[str, ...]
    cannot: tuple[str, ...]
    claims: tuple[str, ...]
    notes: tuple[str, ...] = ()


def examine(planned: Plan) -> Outlook:
    """Builds every design point's network, times a few steps of it, and trains nothing (imports torch).

    Raises:
        AblateError: a network that does not build, two that are the same, missing data, a response never logged.
    """
    from ablate.design import estimable
    from ablate.execute.cost import measure
    from ablate.execute.engines import engine
    from ablate.execute.estimate import seconds_per_trial
    from ablate.execute.examine import examine as look
    from ablate.plan import bundles
    from ablate.store import StudyDirectory
    from ablate.store.costs import by_levels, read_costs

    if planned.spec.identities:
        from ablate.execute.identities import check_identities

        check_identities(planned.spec)
    if not planned.layout.points:
        return Outlook(sizes=(), costs=(), timed_on=(), bundles=0, seconds=0.0, can=(), cannot=(), claims=())
    workers = engine(planned.spec.settings["engine"]).workers
    sizes = look(planned.spec, planned.layout.points, planned.configs)
    there = read_costs(StudyDirectory(planned.directory))
    costs = (*there, *measure(*_unmeasured(planned, there)))
    priced = by_levels(costs)
    missing = len(planned.trials) - planned.finished
    each = seconds_per_trial(planned.spec, planned.configs) if missing else 0.0
    from ablate.analyze.capacity import capacity_notes
    from ablate.analyze.foresight import foresee
    from ablate.analyze.origin import timed_on

    is_baseline = [p.is_baseline(planned.spec.factors) for p in planned.layout.points]
    can, cannot = estimable(planned.spec)
    return Outlook(
        sizes=sizes,
        costs=tuple(priced.get(frozenset(p.levels.items())) for p in planned.layout.points),
        timed_on=timed_on(costs),
        bundles=len(bundles(planned.trials[:missing])),
        seconds=None if each is None else each * missing / min(workers, max(missing, 1)),
        can=can,
        cannot=cannot,
        claims=foresee(planned.spec, planned.layout.points, planned.records),
        notes=capacity_notes(
            planned.spec.capacity,
            [size.parameters for size in sizes],
            baseline=next((s.parameters for s, here in zip(sizes, is_baseline, strict=True) if here), None),
        ),
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
    from ablate.analyze.claim import check_replicates
    from ablate.execute.engines import engine as make_engine
    from ablate.store import IDENTITIES, Lock, StudyDirectory

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
        _tell(planned, observer)
        missing = _missing(planned, stale, observer)
        if missing:
            check_replicates(planned.spec, seen=_seen(planned.contents))
        checked = _checked(planned)
        if trains := bool(_next(planned, missing, planned.contents.records)):
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
        if checked is not None:
            directory.write(IDENTITIES, checked.encode())
        if trains:
            _measure(engine, directory, planned, again=stale == "rerun")
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
    from ablate.store.costs import read_costs

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
    checked, unread = _read_identities(directory, frozen)
    summary = _summarise(frozen, layout, tuple(latest.values()), checked, read_costs(directory))
    return summary, (*remarks, *unread)


def save_summary(planned: Plan) -> Summary:
    """Summarises the records of a plan that are on disk, and keeps that as summary.json for `show`.

    Raises:
        StoreError: it cannot be written.
    """
    from ablate.store import StudyDirectory
    from ablate.store.costs import read_costs

    directory = StudyDirectory(planned.directory)
    found = directory.contents().records
    records = tuple(found[t.id] for t in planned.trials if t.id in found)
    frozen = directory.frozen()
    checked, _ = _read_identities(directory, frozen)
    summary = _summarise(frozen, planned.layout, records, checked, read_costs(directory))
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
    from ablate.store import IDENTITIES
    from ablate.store.costs import COSTS

    rest = b"".join(directory.read(name) or b"" for name in ("study.yaml", IDENTITIES, COSTS))
    return hashlib.sha256(f"{SUMMARY_SCHEMA} {directory.digest()}".encode() + rest).hexdigest()


def _tell(planned: Plan, observer: Observer) -> None:
    for note in planned.notes:
        observer.told(note)
    for trial_id, reason in planned.contents.unreadable.items():
        observer.told(f"trials/{trial_id}/record.json cannot be counted ({reason}): set aside and trained again.")


def _checked(planned: Plan) -> Checked | None:
    """The study's identities, evaluated now; None where it states none."""
    if not planned.spec.identities:
        return None
    from ablate.execute.identities import evaluate

    return evaluate(planned.spec)


def _read_identities(directory: StudyDirectory, frozen: Frozen) -> tuple[Checked | None, tuple[str, ...]]:
    """What the identities came to, from disk, and a remark where that cannot be told."""
    from ablate.store import IDENTITIES, Checked

    if not frozen.spec.identities:
        return None, ()
    content = directory.read(IDENTITIES)
    try:
        if content is None:
            raise ValueError("it is not there")
        return Checked.decode(content), ()
    except ValueError as error:
        return None, (f"{IDENTITIES} cannot be read ({error}): 'ablate run' evaluates the identities again.",)


def _seen(contents: Contents) -> int:
    """Trials that have a result, which somebody may have seen."""
    return sum(record.state != "failed" for record in contents.records.values())


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
        looked, seen = before.looked, _seen(planned.contents)
        repooled = planned.spec.pool_above != before.spec.pool_above
        if planned.finished and planned.spec.replicates > before.spec.replicates:
            looked = (*looked, before.spec.replicates)
        directory.freeze(
            Frozen(
                spec=planned.spec,
                history=(*before.history, line),
                looked=looked,
                pooled_after=seen if repooled else before.pooled_after,
            )
        )


def _measure(engine: Engine, directory: StudyDirectory, planned: Plan, *, again: bool) -> None:
    """Measures what is not on disk yet, before any training: what the engine has started must not disturb it."""
    from ablate.execute.cost import measure
    from ablate.store.costs import read_costs, write_costs

    there = read_costs(directory)
    points, configs = _unmeasured(planned, () if again else there)
    if points:
        engine.settle()
        write_costs(directory, (*there, *measure(points, configs)))


def _unmeasured(planned: Plan, costs: Sequence[Cost]) -> tuple[list[DesignPoint], list[Config]]:
    """The design points that these costs say nothing of, and their configurations."""
    from ablate.store.costs import by_levels

    known = by_levels(costs)
    pairs = zip(planned.layout.points, planned.configs, strict=True)
    lacking = [(point, config) for point, config in pairs if frozenset(point.levels.items()) not in known]
    return [point for point, _ in lacking], [config for _, config in lacking]


def _train(engine: Engine, planned: Plan, missing: Sequence[Trial], observer: Observer) -> None:
    from ablate.execute.job import Job
    from ablate.execute.provenance import commit
    from ablate.plan import bundles

    if not missing:
        return
    sources, head = _sources(planned), commit(Path.cwd())
    jobs = [
        Job(bundle=b, directory=planned.directory, sources=tuple(sources[t.id] for t in b.trials), commit=head)
        for b in bundles(missing)
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


def _summarise(
    frozen: Frozen, layout: Layout, records: Sequence[Record], checked: Checked | None, costs: Sequence[Cost]
) -> Summary:
    import numpy as np

    from ablate.analyze.exactness import exactness
    from ablate.analyze.extension import extension_note
    from ablate.analyze.pooling import pooling_note
    from ablate.analyze.summarise import summarise as analyze

    spec = frozen.spec
    notes = (*layout.notes, *layout.confounding)
    if frozen.looked and spec.claims and spec.looks is None:
        alpha = max(claim.alpha for claim in spec.claims)
        notes = (*notes, extension_note((*frozen.looked, spec.replicates), alpha=alpha))
    if frozen.pooled_after:
        notes = (*notes, pooling_note(spec, after=frozen.pooled_after))
    summary = analyze(spec, layout.points, records, rng=np.random.default_rng(spec.seed), notes=notes, costs=costs)
    if checked is None:
        return summary
    return replace(summary, identities=tuple(map(exactness, checked.identities)), identities_by=checked.made_by)
