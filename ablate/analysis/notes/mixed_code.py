"""Trials of older code that are pooled with those of the code as it is now."""

from collections import Counter
from collections.abc import Collection, Sequence

from ablate.design.point import Cell
from ablate.store.record import Record

PREFIX = "Mixed code: "


def mixed_code(records: Sequence[Record], *, kept: Collection[str]) -> str:
    """Says how many trials are of older code; empty where all are of one.

    Args:
        records: of the study.
        kept: digests of code that had changed when trials were added (`Frozen.kept`). At a design point whose trials
            have more than one digest, all but that of the latest count as older, too.
    """
    finished = Counter[tuple[Cell, str]]()
    latest: dict[Cell, tuple[str, str]] = {}  # when it was started, and its digest
    for record in records:
        if record.provenance is None or record.state == "failed":
            continue
        point, source = tuple(record.levels.items()), record.provenance.source
        finished[point, source] += 1
        if point not in latest or latest[point][0] <= record.started:
            latest[point] = record.started, source
    older = sum(n for (point, source), n in finished.items() if source in kept or latest[point][1] != source)
    if not older or older == finished.total():
        return ""
    return (
        f"{PREFIX}{older} of {finished.total()} trainings are of older code than the others, and were kept "
        "(--stale keep). 'ablate run' with --stale rerun trains them again."
    )


def clause(mixed: str) -> str:
    """What `mixed_code` counts, as a clause; empty where it is."""
    return mixed.removeprefix(PREFIX).partition(". ")[0]
