"""The summary of a study on disk: summary.json if it was made from the files that are there, else computed again."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from ablate.analyze.summary import Summary
from ablate.errors import StoreError
from ablate.study.identities import read_identities

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ablate.design import Layout
    from ablate.store import Checked, Contents, Frozen, Record, StudyDirectory
    from ablate.store.costs import Cost
    from ablate.study.planned import Plan

SUMMARY = "summary.json"
SUMMARY_SCHEMA = 7
"""Rises when an analysis of the same records changes: older summaries are then made again."""


def summarise(path: Path) -> tuple[Summary, tuple[str, ...]]:
    """The summary of a study on disk: summary.json if it was made from the files that are there, else computed again.

    Returns:
        The summary, and notes on records that could not be counted.

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
    contents = directory.contents()
    notes = tuple(
        f"trials/{trial_id}/record.json cannot be counted ({reason}): 'ablate run' trains it again."
        for trial_id, reason in contents.unreadable.items()
    )
    checked, unread = read_identities(directory, frozen)
    summary = _summarise(frozen, layout, _latest(contents), checked, read_costs(directory))
    return summary, (*notes, *unread)


def records(path: Path) -> tuple[tuple[Record, Cost | None], ...]:
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


def save_summary(planned: Plan) -> Summary:
    """Summarises the records of a plan that are on disk, and writes summary.json.

    Raises:
        StoreError: it cannot be written, or the results of the study's identities cannot be read.
    """
    from ablate.store import StudyDirectory
    from ablate.store.costs import read_costs

    directory = StudyDirectory(planned.directory)
    found = directory.contents().records
    records = tuple(found[t.id] for t in planned.trials if t.id in found)
    frozen = directory.frozen()
    checked, unread = read_identities(directory, frozen)
    if unread:
        raise StoreError(f"{directory.path}: {unread[0]}")
    summary = _summarise(frozen, planned.layout, records, checked, read_costs(directory))
    write_summary(directory, summary)
    return summary


def write_summary(directory: StudyDirectory, summary: Summary) -> None:
    """Writes summary.json with a key of the files beside it: `summarise` returns it for as long as they are the same.

    Raises:
        StoreError: it cannot be written.
    """
    saved = _Saved(key=_key(directory), summary=summary)
    directory.write(SUMMARY, msgspec.json.format(msgspec.json.encode(saved), indent=1))


def _latest(contents: Contents) -> tuple[Record, ...]:
    """One record for each design point and replicate: the one that was started last."""
    latest: dict[tuple[object, ...], Record] = {}
    for record in sorted(contents.records.values(), key=lambda r: r.started):
        latest[(*record.levels.items(), record.replicate)] = record
    return tuple(latest.values())


class _Saved(msgspec.Struct, kw_only=True):
    """summary.json: the summary, and a key of the files that it was made from."""

    key: str
    summary: Summary


def _key(directory: StudyDirectory) -> str:
    from ablate.store import IDENTITIES
    from ablate.store.costs import COSTS

    rest = b"".join(directory.read(name) or b"" for name in ("study.yaml", IDENTITIES, COSTS))
    return hashlib.sha256(f"{SUMMARY_SCHEMA} {directory.digest()}".encode() + rest).hexdigest()


def _summarise(
    frozen: Frozen, layout: Layout, records: Sequence[Record], checked: Checked | None, costs: Sequence[Cost]
) -> Summary:
    import numpy as np

    from ablate.analyze.claims.exactness import exactness
    from ablate.analyze.claims.extension import extension_note
    from ablate.analyze.effects.pooling import pooling_note
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
