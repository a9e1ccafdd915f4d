"""One example, again and again: x = 0, y = 1, which only a bias can learn."""

import torch

from ablate.data.option import check_at_least
from ablate.data.source import Arrays, Source, subset


def constant(
    *, features: int = 1, examples: int = 96, limit: int | None = None, val_size: int = 16, test_size: int = 16
) -> Source:
    """Inputs (features,) of zeros, each with the target 1; nothing is drawn.

    Without biases, ReLU and tanh layers pass the zero on, and only zeros arrive at the output: there a linear one stays
    at 0, an MSE of 1, and a sigmoid at exactly .5, an MSE of .25 and a cross-entropy of ln 2. (A hidden sigmoid or
    softmax is not 0 at 0, and acts as a bias.) With a bias the floor is 0.

    Args:
        features: Length of one input.
        examples: How many there are.
        limit: Examples to use at all; None: every one.
        val_size: Examples of the validation split.
        test_size: Examples of the test split.

    Raises:
        DataError: a number is out of its range.
    """
    check_at_least(1, features=features, examples=examples)
    pool = Arrays(inputs=torch.zeros(examples, features), targets=torch.ones(examples, 1)).at(subset(examples, limit))
    return Source(pool=pool, val_size=val_size, test_size=test_size)
