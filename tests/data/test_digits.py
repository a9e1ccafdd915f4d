import importlib.util
import subprocess
import sys

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from ablate.data import digits, split
from ablate.data.digits import images
from ablate.errors import DataError

pytestmark = pytest.mark.numeric


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


def test_two_classes_in_the_order_given():
    bunch = load_digits()
    pool = digits(classes=[8, 3], val_size=50, test_size=100).pool
    kept = np.isin(bunch.target, [3, 8])
    np.testing.assert_array_equal(pool.inputs.flatten(1).numpy() * 16, bunch.data[kept])
    np.testing.assert_array_equal(pool.targets, bunch.target[kept] == 3)


def test_targets_for_one_output():
    classes, signs = (digits(classes=[3, 8], encoding=name).pool for name in ("classes", "signs"))
    assert torch.equal(signs.targets[:, 0], 2.0 * classes.targets - 1)


def test_one_output_per_class():
    pool = digits(encoding="one_hot").pool
    np.testing.assert_array_equal(pool.targets, np.eye(10)[load_digits().target])


def test_an_input_scale_stretches_the_pixels():
    torch.testing.assert_close(digits(input_scale=30.0).pool.inputs, 30 * digits().pool.inputs)


def test_the_limit_is_of_the_chosen_classes():
    assert len(digits(classes=[0, 1], limit=100).pool) == 100
    with pytest.raises(DataError, match=r"data\.limit=361, but there are 360 examples"):
        digits(classes=[0, 1], limit=361)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"classes": [3]}, r"data\.classes=\[3\]; valid: two or more different digits"),
        ({"classes": [3, 3]}, r"data\.classes=\[3, 3\]"),
        ({"classes": [3, 10]}, r"data\.classes=\[3, 10\]"),
        ({"encoding": "signs"}, "signs is for two classes, and there are 10"),
        ({"input_scale": 0.0}, r"data\.input_scale=0\.0; valid: more than 0"),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(DataError, match=message):
        digits(**options)


def test_the_digits_are_read_without_scikit_learn_and_by_it_where_its_file_is_elsewhere(monkeypatch):
    code = "import sys; from ablate.data.digits import images; images(); print('sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
    expected = images()
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    found = images()
    assert torch.equal(found.inputs, expected.inputs)
    assert torch.equal(found.targets, expected.targets)
