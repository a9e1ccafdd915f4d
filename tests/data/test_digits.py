import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from ablate.data import digits, split
from ablate.errors import DataError


def test_the_pool_is_scikit_learns():
    bunch = load_digits()
    pool = digits().pool
    assert pool.inputs.shape == (1797, 1, 8, 8)
    assert (pool.inputs.min(), pool.inputs.max()) == (0, 1)
    np.testing.assert_array_equal(pool.inputs[:, 0].numpy() * 16, bunch.images)
    np.testing.assert_array_equal(pool.targets, bunch.target)


def test_sizes():
    splits = split(digits(), seed=0)
    assert (len(splits.train), len(splits.val), len(splits.test)) == (1000, 200, 597)


def test_two_hundred_digits():
    small = digits(limit=200, val_size=40, test_size=60)
    splits = split(small, seed=0)
    assert (len(splits.train), len(splits.val), len(splits.test)) == (100, 40, 60)
    assert torch.bincount(small.pool.targets, minlength=10).min() >= 10
    rows = {
        tuple(x.flatten().tolist()): int(y) for x, y in zip(digits().pool.inputs, digits().pool.targets, strict=True)
    }
    assert all(
        rows[tuple(x.flatten().tolist())] == y for x, y in zip(small.pool.inputs, small.pool.targets, strict=True)
    )


def test_more_than_there_are():
    with pytest.raises(DataError, match=r"data\.limit=2000, but there are 1797 examples"):
        digits(limit=2000)
