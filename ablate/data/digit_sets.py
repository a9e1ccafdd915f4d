"""Several handwritten digits side by side: which are there? Several labels hold at once, or none."""

from functools import partial

import numpy as np
import torch

from ablate.data.digits import composed
from ablate.data.option import check_at_least
from ablate.data.source import Arrays, Source
from ablate.errors import DataError

CLASSES, SIDE = 10, 8


def digit_sets(
    *,
    places: int = 3,
    fewest: int = 1,
    examples: int = 5200,
    data_seed: int = 0,
    limit: int | None = None,
    val_size: int = 200,
    test_size: int = 1000,
) -> Source:
    """Images of shape (1, 8, 8 places) in [0, 1], with digits at some places; ten labels, 1 where a digit is there.

    The number of digits is uniform from `fewest` to `places`, each is drawn alike and independently, and so are their
    places. A digit that is there twice is one label.

    The test images are made of 597 digits that no other image shows; training and validation images share the other
    1200, so that a validation score is the more favourable one. The test set is the same for every replicate,
    as with an official one: the digits are a finite data set, of which no replicate can draw afresh.

    Args:
        places: Of digits, side by side.
        fewest: Digits of an example at the least; 0: some examples have no label.
        examples: How many to draw, validation included.
        data_seed: Fixes the examples.
        limit: Examples to use at all, test examples apart; None: every one.
        val_size: Examples of the validation split.
        test_size: Examples of the test set.

    Raises:
        DataError: a number is out of its range.
    """
    check_at_least(1, places=places)
    if not 0 <= fewest <= places:
        raise DataError(f"data.fewest={fewest}; valid: 0 to data.places={places}.")
    draw = partial(_sets, places=places, fewest=fewest)
    return composed(draw, examples=examples, data_seed=data_seed, limit=limit, val_size=val_size, test_size=test_size)


def _sets(rng: np.random.Generator, images: Arrays, count: int, *, places: int, fewest: int) -> Arrays:
    chosen = torch.from_numpy(rng.integers(0, len(images), (count, places)))
    digits = rng.integers(fewest, places, count, endpoint=True)
    # The places in a random order, of which the first have a digit.
    order = rng.permuted(np.tile(np.arange(places), (count, 1)), axis=1)
    filled = torch.from_numpy(order < digits[:, None])
    shown = images.inputs[chosen] * filled[:, :, None, None, None]
    labels = torch.nn.functional.one_hot(images.targets[chosen], CLASSES) * filled.unsqueeze(2)
    return Arrays(
        inputs=shown.permute(0, 2, 3, 1, 4).reshape(count, 1, SIDE, SIDE * places),
        targets=labels.amax(dim=1).float(),
    )
