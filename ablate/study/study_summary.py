"""The summary of a study on disk: summary.json if it was made from the files that are there, else computed again."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from ablate.analysis.summary import Summary, Verdict
from ablate.errors import StoreError
from ablate.limits import MAX_SUMMARY_BYTES
from ablate.store.seal import sealed, unseal
from ablate.study.damage import find_damaged, remarks
from ablate.study.fraction import check_fraction
from ablate.study.identities import read_identities

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ablate.design import Layout
    from ablate.store import Contents, Frozen, IdentityResults, Record, StudyDirectory
    from ablate.store.costs import PointCost
    from ablate.study.study_plan import Plan

SUMMARY = "summary.json"
SUMMARY_SCHEMA = 13
"""Rises when an analysis of the same records changes: older summaries are then made again."""

MAX_CLOCK_SKEW = timedelta(minutes=10)
"""By which the clocks of two machines may differ: a trial is earlier than study.yaml if it started so long before."""


def summarise(path: Path) -> tuple[Summary, tuple[str, ...]]:
    """The summary of a study on disk: summary.json if it was made from the files that are there, else computed again.

    Returns:
        The summary, and notes on records that could not be counted and on files that are damaged.

    Raises:
        StoreError: there is no study, or it cannot be read.
    """
    from ablate.store import StudyDirectory
    from ablate.store.derived_file import read_derived

    directory = StudyDirectory(path)
    if not directory.exists:
        directory.frozen()
    saved = read_derived(directory, SUMMARY, decode, limit=MAX_SUMMARY_BYTES)
    try:
        if saved is not None and saved.key == _key(directory, directory.digest()):
            return saved.summary, ()
    except StoreError:
        pass  # of what is named below
    from ablate.design import lay_out
    from ablate.store import IDENTITIES
    from ablate.store.costs import read_costs

    frozen = directory.frozen()
    layout = lay_out(frozen.spec)
    contents = directory.contents()
    check_fraction(frozen.spec, layout, contents.records.values(), path)
    notes = tuple(
        f"trials/{trial_id}/record.json cannot be counted ({reason}): 'ablate run' trains it again."
        for trial_id, reason in contents.unreadable.items()
    )
    identities, unread = read_identities(directory, frozen)
    summary = _summarise(
        directory, frozen, layout=layout, records=_latest(contents), identities=identities, costs=read_costs(directory)
    )
    damaged = {name: reason for name, reason in find_damaged(directory).items() if name != IDENTITIES or not unread}
    return summary, (*notes, *unread, *remarks(damaged))


def decode(content: bytes) -> _Saved | None:
    """What is in the bytes of a summary.json; None: another version of ablate has written it.

    Raises:
        ValueError: it is damaged or changed.
    """
    try:
        if msgspec.json.decode(content, type=_Head).schema != SUMMARY_SCHEMA:
            return None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass  # which unsealing names
    return unseal(content, _Saved, schema=SUMMARY_SCHEMA)


def records(path: Path) -> tuple[tuple[Record, PointCost | None], ...]:
    """The trials that a summary counts, each with what its design point's network costs; in no order.

    Raises:
        StoreError: there is no study, or it cannot be read.
    """
    from ablate.store import StudyDirectory
    from ablate.store.costs import cost_lookup, read_costs

    directory = StudyDirectory(path)
    directory.frozen()
    cost_of = cost_lookup(read_costs(directory))
    return tuple((record, cost_of(record.levels)) for record in _latest(directory.contents()))


def verdicts(path: Path, records: Sequence[Record] | None = None) -> tuple[Verdict, ...]:
    """The verdicts on all claims of a study on disk, later ones last.

    Args:
        path: The study's directory.
        records: Some of its trials, which are judged as if there were no others; None: all, as its summary has them.

    Raises:
        StoreError: there is no study, or it cannot be read.
    """
    from ablate.design import lay_out
    from ablate.store import StudyDirectory

    if records is None:
        summary, _ = summarise(path)
    else:
        directory = StudyDirectory(path)
        # Looks, kept code and pooling are of all trials together; these are judged as if there were no others.
        frozen = replace(directory.frozen(), looked=(), kept=(), pooled_after=0)
        layout = lay_out(frozen.spec)
        summary = _summarise(directory, frozen, layout=layout, records=records, identities=None, costs=())
    return (*summary.verdicts, *summary.later)


def save_summary(planned: Plan) -> Summary:
    """Summarises the records of a plan that are on disk, and writes summary.json.

    Raises:
        StoreError: it cannot be written, or the results of the study's identities cannot be read.
    """
    from ablate.store import Selection, StudyDirectory
    from ablate.store.costs import read_costs

    directory = StudyDirectory(planned.directory)
    contents = directory.contents()
    found, digest = contents.records, contents.digest
    records = Selection(found, [t.id for t in planned.trials if t.id in found])
    frozen = directory.frozen()
    identities, unread = read_identities(directory, frozen)
    if unread:
        raise StoreError(f"{directory.path}: {unread[0]}")
    summary = _summarise(
        directory, frozen, layout=planned.layout, records=records, identities=identities, costs=read_costs(directory)
    )
    del contents, found, records  # writing the summary takes as much memory as they do
    write_summary(directory, summary, digest)
    return summary


def write_summary(directory: StudyDirectory, summary: Summary, digest: str | None = None) -> None:
    """Writes summary.json with a key of the files beside it: `summarise` returns it for as long as they are the same.

    Args:
        directory: The study's.
        summary: Of its records.
        digest: `Contents.digest` of these; None: they are read for it.

    Raises:
        StoreError: it cannot be written.
    """
    key = _key(directory, directory.digest() if digest is None else digest)
    directory.write(SUMMARY, sealed({"schema": SUMMARY_SCHEMA, "key": key, "summary": summary}))


def _latest(contents: Contents) -> Sequence[Record]:
    """One record for each design point and replicate: the one that was started last."""
    from ablate.store import Selection

    found = contents.records
    latest: dict[tuple[object, ...], str] = {}
    for trial_id in sorted(found, key=lambda trial_id: found[trial_id].started):
        record = found[trial_id]
        latest[(*record.levels.items(), record.replicate)] = trial_id
    return Selection(found, [*latest.values()])


class _Head(msgspec.Struct):
    schema: int = 0


class _Saved(msgspec.Struct, kw_only=True):
    """summary.json: the summary, and a key of the files that it was made from."""

    schema: int = SUMMARY_SCHEMA
    key: str
    summary: Summary


def _key(directory: StudyDirectory, digest: str) -> str:
    from ablate.store import IDENTITIES
    from ablate.store.choices import TUNED
    from ablate.store.costs import COSTS
    from ablate.store.starts import STARTS

    rest = b"".join(directory.read(name) or b"" for name in ("study.yaml", IDENTITIES, COSTS, STARTS, TUNED))
    return hashlib.sha256(f"{SUMMARY_SCHEMA} {digest}".encode() + rest).hexdigest()


def _summarise(
    directory: StudyDirectory,
    frozen: Frozen,
    *,
    layout: Layout,
    records: Sequence[Record],
    identities: IdentityResults | None,
    costs: Sequence[PointCost],
) -> Summary:
    import numpy as np

    from ablate.analysis.claims.exactness import exactness
    from ablate.analysis.claims.extension import extension_note
    from ablate.analysis.effects.pooling import pooling_note
    from ablate.analysis.summarise import summarise as analyze
    from ablate.store import as_later
    from ablate.store.choices import read_choices
    from ablate.store.curve import read_curve
    from ablate.store.starts import read_starts

    spec, late = frozen.spec, _unstated(frozen, records)
    if late:
        spec = as_later(spec, trials=late)
    notes = (*layout.notes, *layout.confounding)
    if frozen.looked and spec.claims and spec.looks is None:
        alpha = max(claim.alpha for claim in spec.claims)
        notes = (*notes, extension_note((*frozen.looked, spec.replicates), alpha=alpha))
    if late:
        notes = (
            f"study.yaml is not what {late} of the trials were trained under: it was changed, or made, after them. Its "
            "claims count as given after the trials.",
            *notes,
        )
    if frozen.pooled_after:
        notes = (*notes, pooling_note(spec, after=frozen.pooled_after))
    claimed = spec.claims or spec.later
    baseline = [r.id for r in records if all(r.levels.get(f.name) == f.reference for f in spec.factors)]
    summary = analyze(
        spec,
        layout.points,
        records,
        rng=np.random.default_rng(spec.seed),
        notes=notes,
        costs=costs,
        curves={trial_id: read_curve(directory, trial_id) for trial_id in baseline} if claimed else {},
        looked=frozen.looked if spec.looks is None else (),
        kept=frozen.kept,
        starts=read_starts(directory),
        choices=read_choices(directory),
    )
    if identities is None:
        return summary
    return replace(summary, identities=tuple(map(exactness, identities.identities)), identities_by=identities.made_by)


def _unstated(frozen: Frozen, records: Sequence[Record]) -> int:
    """The number of results that were there before the claims of study.yaml, as far as records tell."""
    if not frozen.spec.claims:
        return 0
    from ablate.store import stated

    now, since = stated(frozen.spec), frozen.since
    return sum(
        record.stated != now if record.stated is not None else since is not None and _is_before(record.started, since)
        for record in records
        if record.state != "failed"
    )


def _is_before(started: str, since: datetime) -> bool:
    """Whether a training started before a moment; unknown times are not."""
    try:
        return datetime.fromisoformat(started) < since - MAX_CLOCK_SKEW
    except (TypeError, ValueError):
        return False
