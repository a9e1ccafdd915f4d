"""Exclusive or: the least problem that no affine function solves."""

import torch

from ablate.data.encoding import encode
from ablate.data.generator import generators, is_fresh
from ablate.data.option import check_at_least
from ablate.data.source import Arrays, Source, subset

CORNERS = ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0))


def xor(
    *,
    copies: int = 32,
    noise: float = 0.0,
    encoding: str = "classes",
    data_seed: int | None = None,
    replicate_seed: int | None = None,
    limit: int | None = None,
    val_size: int = 28,
    test_size: int | None = None,
) -> Source:
    """Points of shape (2,) at the corners of the unit square; class 1 where one coordinate is 1 and the other 0.

    The test set is the four corners themselves, so that a right rule scores an accuracy of 1 and an error of 0 at
    any noise. An affine function has an MSE of at least .25 there (in `binary`; 1 in `signs`), and sorts at most
    three of the four.

    Args:
        copies: Examples of each corner, validation included.
        noise: SD of what is added to each coordinate of the copies.
        encoding: A name in `ENCODINGS`.
        data_seed: Fixes the noise. None: a fresh draw of it for each replicate.
        replicate_seed: Of the replicate, which ablate gives; None: a draw that belongs to none.
        limit: Copies to use at all; None: every one.
        val_size: Examples of the validation split.
        test_size: Corners of the test set; None: all four.

    Raises:
        DataError: the encoding is unknown, or a number is out of its range.
    """
    check_at_least(1, copies=copies)
    check_at_least(0, noise=noise)
    (rng,) = generators(data_seed, 1, replicate_seed=replicate_seed)
    corners = torch.tensor(CORNERS)
    targets = encode((corners[:, 0] != corners[:, 1]).long(), encoding=encoding, count=2)
    test = Arrays(inputs=corners, targets=targets)
    clean = test.at(torch.arange(4).repeat(copies))
    moved = clean.inputs + noise * torch.tensor(rng.standard_normal((4 * copies, 2)), dtype=torch.float32)
    pool = Arrays(inputs=moved, targets=clean.targets).at(subset(4 * copies, limit))
    return Source(
        pool=pool,
        test=test,
        val_size=val_size,
        test_size=test_size,
        is_fresh=is_fresh(data_seed, replicate_seed),
    )
