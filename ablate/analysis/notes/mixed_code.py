"""Trials of older code that are pooled with those of the code as it is now."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from ablate.design.point import Cell, cell
from ablate.store.record import Record

PREFIX = "Mixed code: "


def older_code(records: Iterable[Record], *, kept: Collection[str]) -> Mapping[tuple[Cell, str], int]:
    """Design point and digest of code → trials, of those that are of older code than others of the study.

    Args:
        records: of the study.
        kept: digests of code that had changed when trials were added (`Frozen.kept`). At a design point whose trials
            have more than one digest, all but that of the latest count as older, too.
    """
    finished, latest = _finished(records)
    return _older(finished, latest, kept)


def point_and_code(record: Record) -> tuple[Cell, str] | None:
    """The design point of a trial and the digest of its code; None: it failed, or its code is not known."""
    if record.provenance is None or record.state == "failed":
        return None
    return cell(record.levels), record.provenance.source


def mixed_code(records: Sequence[Record], *, kept: Collection[str]) -> str:
    """Says how many trials are of older code; empty where all are of one.

    Args:
        records: of the study.
        kept: as of `older_code`.
    """
    finished, latest = _finished(records)
    older = sum(_older(finished, latest, kept).values())
    if not older or older == finished.total():
        return ""
    return (
        f"{PREFIX}{older} of {finished.total()} trainings are of older code than the others, and were kept "
        "(--stale keep). 'ablate run' with --stale rerun trains them again."
    )


def _finished(records: Iterable[Record]) -> tuple[Counter[tuple[Cell, str]], Mapping[Cell, str]]:
    """How many trials there are of each design point and digest, and each point's digest that was started last."""
    finished = Counter[tuple[Cell, str]]()
    latest: dict[Cell, tuple[str, str]] = {}  # when it was started, and its digest
    for record in records:
        if (code := point_and_code(record)) is None:
            continue
        point, source = code
        finished[code] += 1
        if point not in latest or latest[point][0] <= record.started:
            latest[point] = record.started, source
    return finished, {point: source for point, (_, source) in latest.items()}


def _older(
    finished: Mapping[tuple[Cell, str], int], latest: Mapping[Cell, str], kept: Collection[str]
) -> Mapping[tuple[Cell, str], int]:
    return {code: n for code, n in finished.items() if code[1] in kept or latest[code[0]] != code[1]}


def clause(mixed: str) -> str:
    """What `mixed_code` counts, as a clause; empty where it is."""
    return mixed.removeprefix(PREFIX).partition(". ")[0]
