"""Functions of one variable, tested on a dense grid: which of them a network of some width can approximate."""

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float64

from ablate.data.generator import generators, is_fresh
from ablate.data.option import check_at_least
from ablate.data.source import Arrays, Source, subset
from ablate.errors import DataError, unknown

Values = Float64[np.ndarray, " points"]


def absolute(x: Values) -> Values:
    """|x|: two ReLU units are enough, relu(x) + relu(−x)."""
    return np.abs(x)


def runge(x: Values) -> Values:
    """1 / (1 + 25 x²): a narrow bump, smooth everywhere. Source: C. Runge, 1901."""
    return 1 / (1 + 25 * x**2)


def sine(x: Values) -> Values:
    """sin(2π x): two periods."""
    return np.sin(2 * np.pi * x)


CURVES: dict[str, Callable[[Values], Values]] = {"absolute": absolute, "runge": runge, "sine": sine}


def curve(
    *,
    function: str = "sine",
    examples: int = 1200,
    noise: float = 0.0,
    data_seed: int | None = None,
    replicate_seed: int | None = None,
    limit: int | None = None,
    val_size: int = 200,
    test_size: int = 2001,
) -> Source:
    """Examples (1,) with one target, y = f(x) + noise ε, where x is uniform on (−1, 1) and ε ~ N(0, 1).

    The test set is an even grid over [−1, 1] with both ends and without noise: the largest absolute error there is
    the sup error, but for what happens between two grid points, and a perfect fit scores 0. The best affine function
    is a constant, with a sup error of half the range: .5 for absolute, 25/52 = .481 for runge, 1 for sine.

    Args:
        function: A name in `CURVES`.
        examples: How many to generate, validation included.
        noise: SD of the noise on the training and validation targets.
        data_seed: Fixes inputs and noise: every replicate splits the same examples. None: a fresh draw for each.
        replicate_seed: Of the replicate, which ablate gives; None: a draw that belongs to none.
        limit: Examples to use at all; None: every one.
        val_size: Examples of the validation split.
        test_size: Points of the grid.

    Raises:
        DataError: the function is unknown, or a number is out of its range.
    """
    if function not in CURVES:
        raise DataError(unknown("function", function, CURVES))
    check_at_least(1, examples=examples)
    check_at_least(2, test_size=test_size)
    check_at_least(0, noise=noise)
    for_inputs, for_noise = generators(data_seed, 2, replicate_seed=replicate_seed)
    inputs = for_inputs.uniform(-1, 1, examples)
    targets = CURVES[function](inputs) + noise * for_noise.standard_normal(examples)
    grid = np.linspace(-1, 1, test_size)
    pool = _arrays(inputs, targets).at(subset(examples, limit))
    test = _arrays(grid, CURVES[function](grid))
    return Source(pool=pool, test=test, val_size=val_size, is_fresh=is_fresh(data_seed, replicate_seed))


def _arrays(inputs: Values, targets: Values) -> Arrays:
    return Arrays(
        inputs=torch.tensor(inputs, dtype=torch.float32).unsqueeze(1),
        targets=torch.tensor(targets, dtype=torch.float32).unsqueeze(1),
    )
