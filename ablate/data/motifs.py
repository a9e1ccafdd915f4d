"""Sequences that hide one of four motifs: the class is which, wherever it is, and whatever the length."""

import numpy as np
import torch
from torch import Tensor

from ablate.data.generator import generators, is_fresh
from ablate.data.option import check_at_least
from ablate.data.source import Arrays, Best, Source, subset
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

LEAST_NOISE = 0.05
"""Of the likelihoods: without any noise, they have no logarithms."""


def motifs(
    *,
    length: int = 32,
    test_length: int | None = None,
    padded_length: int | None = None,
    shortest: int | None = None,
    masked: bool = False,
    noise: float = 0.5,
    examples: int = 1200,
    data_seed: int | None = None,
    replicate_seed: int | None = None,
    limit: int | None = None,
    val_size: int = 200,
    test_size: int = 400,
) -> Source:
    """Sequences of shape (1, length): N(0, noise²) everywhere, plus one of `MOTIFS` at a random place.

    A network that is trained on `padded_length` steps with `shortest` sees sequences end at each place, and with
    `masked` is told where: what a head does at other lengths is then not for want of such examples.

    Classes are equally likely, and so are the places where the motif fits. The best that any rule expects (Bayes
    accuracy, by simulation of the known densities) is .992, .990 and .989 at lengths 16, 32 and 64 and a noise of
    .5; at .7 it is .912, .893 and .866: more places make more false alarms.

    Args:
        length: Steps of a training and validation sequence; of the longest, where `shortest` is given.
        test_length: Steps of a test sequence; None: `length`.
        padded_length: Zeros follow every sequence up to this many steps, for networks that take one length only; None:
            no padding.
        shortest: Training and validation sequences have from this many steps to `length`, each number equally likely,
            and zeros follow the shorter ones; None: all have `length`.
        masked: Whether a second channel says where the sequence is: 1 there, 0 where zeros follow it.
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
    least = length if shortest is None else shortest
    check_at_least(MOTIFS.shape[1], length=length, test_length=tested, shortest=least)
    if least > length:
        raise DataError(f"data.shortest={least} is longer than data.length={length}; valid: up to {length}, or null.")
    check_at_least(1, examples=examples, test_size=test_size)
    check_at_least(0, noise=noise)
    if padded_length is not None and padded_length < max(length, tested):
        raise DataError(
            f"data.padded_length={padded_length} is shorter than the sequences; valid: {max(length, tested)} or more,"
            " or null for no padding."
        )
    for_pool, for_test = generators(data_seed, 2, replicate_seed=replicate_seed)
    pool = _drawn(for_pool, examples, (least, length), noise, padded_length or length, masked=masked)
    test = _drawn(for_test, test_size, (tested, tested), noise, padded_length or tested, masked=masked)
    return Source(
        pool=pool.at(subset(examples, limit)),
        test=test,
        val_size=val_size,
        any_length=True,
        is_fresh=is_fresh(data_seed, replicate_seed),
        best=Best(predict=lambda given: _more_probable(given[:, 0], noise)),
    )


def _more_probable(sequences: Tensor, noise: float) -> Tensor:
    """The class of the largest likelihood over all places up to the last step that is not 0."""
    size = MOTIFS.shape[1]
    steps = torch.arange(1, sequences.shape[1] + 1)
    ends = ((sequences != 0) * steps).amax(dim=1).clamp(min=size)
    products = sequences.double().unfold(1, size, 1) @ torch.tensor(MOTIFS.T, dtype=torch.float64)
    fits = steps[: products.shape[1]] <= (ends - size + 1).unsqueeze(1)
    exponents = products / max(noise, LEAST_NOISE) ** 2
    return exponents.masked_fill(~fits.unsqueeze(2), -torch.inf).logsumexp(dim=1).argmax(dim=1)


def _drawn(
    rng: np.random.Generator,
    examples: int,
    lengths: tuple[int, int],
    noise: float,
    padded_length: int,
    *,
    masked: bool,
) -> Arrays:
    size, (shortest, longest) = MOTIFS.shape[1], lengths
    classes = rng.integers(0, len(MOTIFS), examples)
    steps = np.full(examples, longest) if shortest == longest else rng.integers(shortest, longest + 1, examples)
    # A generator draws other numbers up to an array of equal bounds than up to that bound.
    starts = rng.integers(0, longest - size + 1 if shortest == longest else steps - size + 1, examples)
    sequences = np.zeros((examples, padded_length))
    sequences[:, :longest] = noise * rng.standard_normal((examples, longest))
    present = np.arange(padded_length) < steps[:, None]
    sequences *= present
    sequences[np.arange(examples)[:, None], starts[:, None] + np.arange(size)] += MOTIFS[classes]
    channels = [sequences, present] if masked else [sequences]
    return Arrays(
        inputs=torch.tensor(np.stack(channels, axis=1), dtype=torch.float32),
        targets=torch.tensor(classes, dtype=torch.int64),
    )
