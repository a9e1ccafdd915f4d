"""Progression of diabetes in one year: real regression data, which come with scikit-learn."""

import torch

from ablate.data.packaged import packaged
from ablate.data.source import Arrays, Source, subset


def diabetes(
    *, target_shift: float = 0.0, limit: int | None = None, val_size: int = 92, test_size: int = 100
) -> Source:
    """442 patients, ten features, one target. Both are standardised by the train split.

    About half of the targets are then negative; a `target_shift` of 2 makes them all positive.
    Errors are in the train split's SD: predicting its mean scores an MSE of about 1.

    Source: B. Efron, T. Hastie, I. Johnstone, R. Tibshirani, "Least Angle Regression", Annals of Statistics
    32, 2004, as `sklearn.datasets.load_diabetes`. A finite data set: each replicate draws its splits from the same
    patients.

    Args:
        target_shift: Added to the standardised targets, in SD.
        limit: Examples to use at all; None: every one.
        val_size: Examples of the validation split.
        test_size: Examples of the test split.

    Raises:
        DataError: there are fewer examples than `limit`.
    """
    # scikit-learn's own scaling has seen the test examples.
    features, progression = packaged("diabetes_data_raw.csv.gz"), packaged("diabetes_target.csv.gz")
    if features is None or progression is None:
        from sklearn.datasets import load_diabetes

        features, progression = load_diabetes(return_X_y=True, scaled=False)
    pool = Arrays(
        inputs=torch.tensor(features, dtype=torch.float32),
        targets=torch.tensor(progression, dtype=torch.float32).unsqueeze(1),
    ).at(subset(len(features), limit))
    return Source(
        pool=pool,
        val_size=val_size,
        test_size=test_size,
        standardise_inputs=True,
        standardise_targets=True,
        target_shift=target_shift,
    )
