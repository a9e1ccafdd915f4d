"""Random generators of a generated data set: fixed by its `data_seed`, whatever the trial's seed."""

import numpy as np

from ablate.data.option import check_at_least


def generators(data_seed: int, count: int) -> list[np.random.Generator]:
    """Independent generators, one for each thing that is drawn: more of the one leaves the others as they were.

    Raises:
        DataError: the seed is negative.
    """
    check_at_least(0, data_seed=data_seed)
    return [np.random.default_rng(seed) for seed in np.random.SeedSequence(data_seed).spawn(count)]
