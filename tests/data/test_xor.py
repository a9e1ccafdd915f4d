import numpy as np
import pytest
import torch

from ablate.data import split, xor
from ablate.errors import DataError

pytestmark = pytest.mark.numeric

TRUTH = {(0, 0): 0, (0, 1): 1, (1, 0): 1, (1, 1): 0}


def table(arrays):
    return [(tuple(x), y) for x, y in zip(arrays.inputs.tolist(), arrays.targets.tolist(), strict=True)]


def test_the_test_set_is_the_four_corners():
    for source in (xor(), xor(noise=0.3)):
        assert dict(table(source.test)) == TRUTH
        assert len(source.test) == 4


def test_copies_without_noise_are_the_corners():
    pool = xor(copies=7).pool
    assert len(pool) == 28
    assert sorted(table(pool)) == sorted([*TRUTH.items()] * 7)


def test_noise_is_normal_and_moves_each_copy_in_its_own_direction():
    clean, near, far = (xor(copies=5000, noise=noise).pool for noise in (0.0, 0.1, 0.2))
    moved = (far.inputs - clean.inputs).double()
    np.testing.assert_allclose(moved.mean(0), 0, atol=5 * 0.2 / np.sqrt(20_000))
    np.testing.assert_allclose(moved.std(0), 0.2, rtol=0.03)
    torch.testing.assert_close(moved, 2 * (near.inputs - clean.inputs).double(), atol=1e-5, rtol=0)
    assert torch.equal(far.targets, clean.targets)
    assert not torch.equal(far.inputs, xor(copies=5000, noise=0.2, data_seed=1).pool.inputs)


@pytest.mark.parametrize(("encoding", "floor"), [("binary", 0.25), ("signs", 1.0)])
def test_the_best_affine_function_is_the_constant(encoding, floor):
    test = xor(encoding=encoding).test
    design = np.c_[np.ones(4), test.inputs]
    coefficients, residue, *_ = np.linalg.lstsq(design, test.targets[:, 0].double().numpy(), rcond=None)
    assert residue.item() / 4 == pytest.approx(floor, abs=1e-12)
    np.testing.assert_allclose(coefficients[1:], 0, atol=1e-12)


def test_no_line_sorts_more_than_three_corners():
    test = xor().test
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(20_000, 2)) @ test.inputs.numpy().T + rng.normal(size=(20_000, 1))
    assert ((scores > 0) == test.targets.numpy()).mean(axis=1).max() == 0.75


def test_sizes():
    splits = split(xor(), seed=0)
    assert (len(splits.train), len(splits.val), len(splits.test)) == (100, 28, 4)
    assert len(xor(limit=40).pool) == 40
    assert len(split(xor(test_size=2), seed=0).test) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"copies": 0}, r"data\.copies=0; valid: 1 or more"),
        ({"noise": -1.0}, r"data\.noise=-1\.0"),
        ({"data_seed": -1}, r"data\.data_seed=-1"),
        ({"limit": 129}, r"data\.limit=129, but there are 128"),
        ({"encoding": "sings"}, "Did you mean 'signs'"),
    ],
)
def test_what_is_out_of_range(options, message):
    with pytest.raises(DataError, match=message):
        xor(**options)
