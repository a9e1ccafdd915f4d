"""Handwritten digits of 8×8 pixels, which travel with scikit-learn."""

import torch

from ablate.data.source import Arrays, Source, subset


def digits(*, limit: int | None = None, val_size: int = 200, test_size: int = 597) -> Source:
    """1797 images of shape (1, 8, 8) in [0, 1], ten classes.

    Source: E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI, 1998 (its test part), as
    `sklearn.datasets.load_digits`.

    Args:
        limit: Examples to use at all; None: every one.
        val_size: Examples of the validation split.
        test_size: Examples of the test split.

    Raises:
        DataError: there are fewer examples than `limit`.
    """
    from sklearn.datasets import load_digits

    pixels, classes = load_digits(return_X_y=True)
    chosen = subset(len(pixels), limit)
    # Pixels count the set points of 4×4 blocks: 0 to 16.
    inputs = torch.tensor(pixels, dtype=torch.float32).reshape(-1, 1, 8, 8) / 16
    pool = Arrays(inputs=inputs, targets=torch.tensor(classes, dtype=torch.int64)).at(chosen)
    return Source(pool=pool, val_size=val_size, test_size=test_size)
