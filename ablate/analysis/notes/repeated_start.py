"""Networks that start from the same weights in each replicate, though replicates have streams of their own."""

from collections.abc import Sequence

from ablate.store.starts import PointStart


def repeated_start(starts: Sequence[PointStart], replicates: int) -> tuple[str, ...]:
    """A note on it, and on what draws them anew; none where they differ, or where there is one replicate."""
    if replicates < 2 or not any(start.is_repeated for start in starts):
        return ()
    return (
        "All replicates start from the same weights: intervals do not cover how much the response varies with the "
        "initialisation. The model loads its weights, or seeds the random generators itself, as with "
        "pl.seed_everything in its constructor. model.edit={reinit: Linear}, of each type or path that is to be drawn "
        "anew, draws by replicate.",
    )
