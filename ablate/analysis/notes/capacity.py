"""The note on matched capacity."""

from collections.abc import Sequence

from ablate.config.spec import Capacity


def capacity_notes(
    capacity: Capacity | None, parameters: Sequence[int | None], *, baseline: int | None
) -> tuple[str, ...]:
    """Says by which key and within what, and how far the furthest design point is; nothing where none is matched.

    Args:
        capacity: as the study declares it.
        parameters: of the design points, as far as they are known.
        baseline: the baseline's parameters, where they are known.
    """
    if capacity is None:
        return ()
    known = [count / baseline - 1 for count in parameters if count is not None] if baseline else []
    furthest = f" (the furthest: {max(known, key=abs):+.1%})".replace("-", "−") if any(known) else ""
    return (
        f"Capacity is matched: {capacity.by} is solved for at each design point, so that its parameters are within "
        f"{100 * capacity.within:g}% of the baseline's{furthest}.",
    )
