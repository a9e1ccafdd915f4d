"""Two interleaved half circles: two classes that no straight line parts."""

import torch

from ablate.data.encoding import encode
from ablate.data.generator import draw_seed, is_fresh
from ablate.data.option import check_at_least
from ablate.data.source import Arrays, Source, subset
from ablate.errors import DataError

MAX_SEED = 2**32
"""Seeds of scikit-learn's generator are below it."""


def moons(
    *,
    examples: int = 1600,
    noise: float = 0.2,
    encoding: str = "classes",
    data_seed: int | None = None,
    replicate_seed: int | None = None,
    limit: int | None = None,
    val_size: int = 200,
    test_size: int = 400,
) -> Source:
    """Points of shape (2,) in two classes of equal size: `sklearn.datasets.make_moons`.

    The half circles have radius 1. With equal classes the best that any rule expects (Bayes accuracy, by integration
    of the two densities) is .9993, .971 and .914 at a noise of .1, .2 and .3; the classes are apart at 0.

    Args:
        examples: How many to generate; another number makes other points.
        noise: SD of what is added to each coordinate.
        encoding: A name in `ENCODINGS`.
        data_seed: Fixes the points: every replicate splits the same examples. None: a fresh draw for each replicate.
        replicate_seed: Of the replicate, which ablate gives; None: a draw that belongs to none.
        limit: Examples to use at all; None: every one.
        val_size: Examples of the validation split.
        test_size: Examples of the test split.

    Raises:
        DataError: the encoding is unknown, or a number is out of its range.
    """
    from sklearn.datasets import make_moons

    check_at_least(2, examples=examples)
    check_at_least(0, noise=noise)
    if data_seed is not None and not 0 <= data_seed < MAX_SEED:
        raise DataError(
            f"data.data_seed={data_seed}; valid here: 0 to 2^32 − 1, as in scikit-learn, or null for a draw"
            " per replicate."
        )
    seed = draw_seed(data_seed, replicate_seed) % MAX_SEED
    points, classes = make_moons(n_samples=examples, noise=noise, random_state=seed)
    pool = Arrays(
        inputs=torch.tensor(points, dtype=torch.float32),
        targets=encode(torch.tensor(classes, dtype=torch.int64), encoding=encoding, count=2),
    ).at(subset(examples, limit))
    return Source(pool=pool, val_size=val_size, test_size=test_size, is_fresh=is_fresh(data_seed, replicate_seed))
