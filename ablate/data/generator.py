"""Random generators of a generated data set: another draw for each replicate, or one that its `data_seed` fixes."""

import numpy as np

from ablate.data.option import check_at_least

UNSEEDED = 0
"""The seed of a draw that belongs to no replicate: what a network is examined and timed on."""


def draw_seed(data_seed: int | None, replicate_seed: int | None) -> int:
    """The seed of a draw: `data_seed` where there is one, whatever the replicate; else the replicate's.

    Raises:
        DataError: the seed is negative.
    """
    if data_seed is None:
        return UNSEEDED if replicate_seed is None else replicate_seed
    check_at_least(0, data_seed=data_seed)
    return data_seed


def is_fresh(data_seed: int | None, replicate_seed: int | None) -> bool:
    """Whether other replicates have another draw."""
    return data_seed is None and replicate_seed is not None


def generators(data_seed: int | None, count: int, *, replicate_seed: int | None = None) -> list[np.random.Generator]:
    """Independent generators, one for each thing that is drawn: more of the one leaves the others as they were.

    Raises:
        DataError: the seed is negative.
    """
    seed = draw_seed(data_seed, replicate_seed)
    return [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(count)]
