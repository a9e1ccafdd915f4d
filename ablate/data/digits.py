"""Handwritten digits of 8×8 pixels, which come with scikit-learn."""

from collections.abc import Callable, Sequence

import numpy as np
import torch

from ablate.data.encoding import encode
from ablate.data.generator import generators
from ablate.data.option import check_at_least
from ablate.data.packaged import packaged
from ablate.data.source import Arrays, Source, subset
from ablate.errors import DataError

TEST_IMAGES = 597
"""Images for the test sets of the data sets that are made of digits; the other 1200 are for their pools."""


def digits(
    *,
    classes: Sequence[int] | None = None,
    encoding: str = "classes",
    input_scale: float = 1.0,
    limit: int | None = None,
    val_size: int = 200,
    test_size: int = 597,
) -> Source:
    """1797 images of shape (1, 8, 8) in [0, 1], ten classes of 174 to 183 images.

    Source: E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI, 1998 (its test part), as
    `sklearn.datasets.load_digits`. A finite data set: each replicate draws its splits from the same images.

    Args:
        classes: The digits to use, two or more; they become classes 0, 1, … in this order. None: all ten.
        encoding: A name in `ENCODINGS`.
        input_scale: What pixels are multiplied by: the range becomes [0, input_scale].
        limit: Examples to use at all; None: every one.
        val_size: Examples of the validation split.
        test_size: Examples of the test split.

    Raises:
        DataError: `classes` are no digits, the encoding does not fit them, or a number is out of its range.
    """
    if not input_scale > 0:
        raise DataError(f"data.input_scale={input_scale}; valid: more than 0.")
    chosen = _of_classes(images(), range(10) if classes is None else classes)
    targets = encode(chosen.targets, encoding=encoding, count=10 if classes is None else len(classes))
    pool = Arrays(inputs=input_scale * chosen.inputs, targets=targets).at(subset(len(chosen), limit))
    return Source(pool=pool, val_size=val_size, test_size=test_size)


def images() -> Arrays:
    """All 1797 images, shape (1, 8, 8) in [0, 1], with the digits as targets, in scikit-learn's order."""
    table = packaged("digits.csv.gz", delimiter=",")
    if table is None:
        from sklearn.datasets import load_digits

        pixels, digit = load_digits(return_X_y=True)
    else:
        pixels, digit = table[:, :-1], table[:, -1]
    # Pixels count the set points of 4×4 blocks: 0 to 16.
    inputs = torch.tensor(pixels, dtype=torch.float32).reshape(-1, 1, 8, 8) / 16
    return Arrays(inputs=inputs, targets=torch.tensor(digit, dtype=torch.int64))


def parted(rng: np.random.Generator) -> tuple[Arrays, Arrays]:
    """All images at random in two parts that share none: 1200 to make a pool of, and `TEST_IMAGES` for a test set."""
    whole = images()
    order = torch.from_numpy(rng.permutation(len(whole)))
    return whole.at(order[TEST_IMAGES:]), whole.at(order[:TEST_IMAGES])


def composed(
    draw: Callable[[np.random.Generator, Arrays, int], Arrays],
    *,
    examples: int,
    data_seed: int,
    limit: int | None,
    val_size: int,
    test_size: int,
) -> Source:
    """Examples that are made of several digits; those of the test set are made of digits that no other shows.

    Args:
        draw: Makes a number of examples of digits: from a generator, the digits, and the number.
        examples: How many to draw, validation included.
        data_seed: Fixes the examples.
        limit: Examples to use at all, test examples apart; None: every one.
        val_size: Examples of the validation split.
        test_size: Examples of the test set.

    Raises:
        DataError: a number is out of its range.
    """
    check_at_least(1, examples=examples, test_size=test_size)
    for_parts, for_pool, for_test = generators(data_seed, 3)
    pool_digits, test_digits = parted(for_parts)
    pool = draw(for_pool, pool_digits, examples).at(subset(examples, limit))
    return Source(pool=pool, test=draw(for_test, test_digits, test_size), val_size=val_size)


def _of_classes(whole: Arrays, classes: Sequence[int]) -> Arrays:
    if len(set(classes)) != len(classes) or len(classes) < 2 or not set(classes) <= set(range(10)):
        raise DataError(f"data.classes={list(classes)}; valid: two or more different digits, 0 to 9, or null for all.")
    wanted = torch.tensor(list(classes))
    matches = whole.targets.unsqueeze(1) == wanted
    kept = matches.any(dim=1)
    return Arrays(inputs=whole.inputs[kept], targets=matches[kept].int().argmax(dim=1))
