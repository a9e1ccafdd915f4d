"""Sequences that hide one of four motifs: the class is which, wherever it is, and whatever the length."""

import numpy as np
import torch

from ablate.data.generator import generators, is_fresh
from ablate.data.option import check_at_least
from ablate.data.source import Arrays, Source, subset
from ablate.errors import DataError

MOTIFS = np.array(
    [
        [-1, -1, -1, 1, -1, 1, 1, 1],
        [-1, -1, -1, 1, 1, 1, 1, -1],
        [-1, -1, 1, 1, -1, 1, 1, -1],
        [-1, 1, -1, 1, -1, -1, 1, 1],
    ]
)
"""Each sums to 0, so that a sequence's mean says nothing of its class; each has an inner product of at most 4, half
its own 8, with any shift of another or of itself."""


def motifs(
    *,
    length: int = 32,
    test_length: int | None = None,
    padded_length: int | None = None,
    noise: float = 0.5,
    examples: int = 1200,
    data_seed: int | None = None,
    replicate_seed: int | None = None,
    limit: int | None = None,
    val_size: int = 200,
    test_size: int = 400,
) -> Source:
    """Sequences of shape (1, length): N(0, noise²) everywhere, plus one of `MOTIFS` at a random place.

    Classes are equally likely, and so are the places where the motif fits. The best that any rule expects (Bayes
    accuracy, by simulation of the known densities) is .992, .990 and .989 at lengths 16, 32 and 64 and a noise of
    .5; at .7 it is .912, .893 and .866: more places make more false alarms.

    Args:
        length: Steps of a training and validation sequence.
        test_length: Steps of a test sequence; None: `length`.
        padded_length: Zeros follow every sequence up to this many steps, for networks that take one length only; None:
            no padding.
        noise: SD of the noise; the motif's steps are −1 and 1.
        examples: How many to generate, validation included.
        data_seed: Fixes the sequences: every replicate splits the same examples. None: a fresh draw for each replicate.
        replicate_seed: Of the replicate, which ablate gives; None: a draw that belongs to none.
        limit: Examples to use at all, test examples apart; None: every one.
        val_size: Examples of the validation split.
        test_size: Examples of the test set, which is generated apart.

    Raises:
        DataError: a number is out of its range, or a sequence is longer than `padded_length`.
    """
    tested = length if test_length is None else test_length
    check_at_least(MOTIFS.shape[1], length=length, test_length=tested)
    check_at_least(1, examples=examples, test_size=test_size)
    check_at_least(0, noise=noise)
    if padded_length is not None and padded_length < max(length, tested):
        raise DataError(
            f"data.padded_length={padded_length} is shorter than the sequences; valid: {max(length, tested)} or more,"
            " or null for no padding."
        )
    for_pool, for_test = generators(data_seed, 2, replicate_seed=replicate_seed)
    pool = _drawn(for_pool, examples, length, noise, padded_length or length)
    test = _drawn(for_test, test_size, tested, noise, padded_length or tested)
    return Source(
        pool=pool.at(subset(examples, limit)),
        test=test,
        val_size=val_size,
        any_length=True,
        is_fresh=is_fresh(data_seed, replicate_seed),
    )


def _drawn(rng: np.random.Generator, examples: int, length: int, noise: float, padded_length: int) -> Arrays:
    size = MOTIFS.shape[1]
    classes = rng.integers(0, len(MOTIFS), examples)
    starts = rng.integers(0, length - size + 1, examples)
    sequences = np.zeros((examples, padded_length))
    sequences[:, :length] = noise * rng.standard_normal((examples, length))
    sequences[np.arange(examples)[:, None], starts[:, None] + np.arange(size)] += MOTIFS[classes]
    return Arrays(
        inputs=torch.tensor(sequences, dtype=torch.float32).unsqueeze(1),
        targets=torch.tensor(classes, dtype=torch.int64),
    )
