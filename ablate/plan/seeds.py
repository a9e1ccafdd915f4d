"""The random streams of a replicate."""

from dataclasses import dataclass

from ablate.errors import ConfigError

_MASK = (1 << 63) - 1
"""torch.manual_seed and numpy both take any whole number of 63 bits."""

TUNING_FROM = 1_000_000
"""Tuning seeds count from here. A study's replicates count from 0 and are fewer (`MAX_TRIALS`): no replicate has the
streams of a tuning trial."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Streams:
    """One seed below 2^63 for each random part of a training.

    The streams are independent, so that an arm that draws more of one (a deeper net, more dropout) does not change
    the others.
    """

    split: int
    initialisation: int
    order: int
    augmentation: int
    dropout: int


def streams(seed: int, replicate: int) -> Streams:
    """Draws the streams of a replicate: the same for every design point, and independent between replicates.

    The values depend on the study's seed and the replicate's number only, so that another replicate changes
    none of those that are there.

    Raises:
        ConfigError: the seed is negative.

    Source: numpy.random.SeedSequence.
    """
    import numpy as np  # takes 80 ms, and `ablate show` needs no streams

    if seed < 0:
        raise ConfigError(f"seed={seed}: a seed is a whole number of 0 or more.")
    sequence = np.random.SeedSequence(seed, spawn_key=(replicate,))
    drawn = [int(child.generate_state(1, np.uint64)[0]) & _MASK for child in sequence.spawn(5)]
    split, initialisation, order, augmentation, dropout = drawn
    return Streams(
        split=split,
        initialisation=initialisation,
        order=order,
        augmentation=augmentation,
        dropout=dropout,
    )


def replicate_name(replicate: int) -> str:
    """What a replicate is called: `replicate 3`, or `tuning seed 0`."""
    return f"replicate {replicate}" if replicate < TUNING_FROM else f"tuning seed {replicate - TUNING_FROM}"
