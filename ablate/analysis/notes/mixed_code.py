"""Trials of older code that are pooled with those of the code as it is now."""

from collections.abc import Collection, Sequence

from ablate.store.record import Record

PREFIX = "Mixed code: "


def mixed_code(records: Sequence[Record], *, kept: Collection[str]) -> str:
    """Says how many trials are of older code; empty where all are of one.

    Args:
        records: of the study.
        kept: digests of code that had changed when trials were added (`Frozen.kept`). At a design point whose trials
            have more than one digest, all but that of the latest count as older, too.
    """
    sources = [(record, record.provenance.source) for record in records if record.provenance]
    finished = [(record, source) for record, source in sources if record.state != "failed"]
    latest: dict[tuple[tuple[str, str], ...], str] = {}
    for record, source in sorted(finished, key=lambda found: found[0].started):
        latest[tuple(record.levels.items())] = source
    older = sum(source in kept or latest[tuple(record.levels.items())] != source for record, source in finished)
    if not older or older == len(finished):
        return ""
    return (
        f"{PREFIX}{older} of {len(finished)} trainings are of older code than the others, and were kept "
        "(--stale keep). 'ablate run' with --stale rerun trains them again."
    )


def clause(mixed: str) -> str:
    """What `mixed_code` counts, as a clause; empty where it is."""
    return mixed.removeprefix(PREFIX).partition(". ")[0]
