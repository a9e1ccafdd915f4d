import math

import numpy as np
import pytest
import torch
from scipy.optimize import linprog

from ablate.data import curve, split
from ablate.data.curve import CURVES
from ablate.errors import DataError

pytestmark = pytest.mark.numeric

BY_HAND = {"absolute": abs, "runge": lambda x: 1 / (1 + (5 * x) ** 2), "sine": lambda x: math.sin(x * math.tau)}


@pytest.mark.parametrize("function", CURVES)
def test_the_test_set_is_the_truth_on_an_even_grid(function):
    test = curve(function=function, test_size=81, noise=0.5).test
    np.testing.assert_allclose(test.inputs[:, 0], [-1 + i / 40 for i in range(81)], atol=1e-7)
    np.testing.assert_allclose(
        test.targets[:, 0], [BY_HAND[function](x) for x in test.inputs[:, 0].tolist()], atol=1e-6
    )


@pytest.mark.parametrize("function", CURVES)
def test_without_noise_the_pool_is_the_truth_at_random_places(function):
    pool = curve(function=function).pool
    np.testing.assert_allclose(
        pool.targets[:, 0], [BY_HAND[function](x) for x in pool.inputs[:, 0].tolist()], atol=1e-6
    )
    counts = np.histogram(pool.inputs, bins=6, range=(-1, 1))[0]
    assert counts.sum() == 1200
    assert np.abs(counts - 200).max() < 5 * math.sqrt(200)


def test_noise_is_on_what_is_trained_on_alone():
    clean, noisy = curve(), curve(noise=0.2)
    residual = (noisy.pool.targets - clean.pool.targets).double()
    assert residual.std().item() == pytest.approx(0.2, rel=0.1)
    assert torch.equal(noisy.pool.inputs, clean.pool.inputs)
    assert torch.equal(noisy.test.targets, clean.test.targets)


@pytest.mark.parametrize(("function", "sup"), [("absolute", 0.5), ("runge", 25 / 52), ("sine", 1.0)])
def test_the_best_affine_function_by_linear_programming(function, sup):
    """Minimises e over a, b, e with |a + b x − y| ≤ e on the grid."""
    test = curve(function=function, test_size=401).test
    x, y = test.inputs[:, 0].double().numpy(), test.targets[:, 0].double().numpy()
    lines, slack = np.c_[np.ones_like(x), x], -np.ones((len(x), 1))
    bounds = np.block([[lines, slack], [-lines, slack]])
    best = linprog([0, 0, 1], A_ub=bounds, b_ub=np.r_[y, -y], bounds=[(None, None)] * 3)
    assert best.fun == pytest.approx(sup, abs=1e-4)


def test_two_relu_units_are_enough_for_the_absolute_value():
    test = curve(function="absolute").test
    assert torch.equal(torch.relu(test.inputs) + torch.relu(-test.inputs), test.targets)


def test_sizes_limit_and_seed():
    splits = split(curve(), seed=0)
    assert (len(splits.train), len(splits.val), len(splits.test)) == (1000, 200, 2001)
    assert len(curve(limit=50).pool) == 50
    assert torch.equal(curve(examples=2000).pool.inputs[:1200], curve().pool.inputs)
    assert not torch.equal(curve(data_seed=1).pool.inputs, curve().pool.inputs)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"function": "sin"}, "Unknown function 'sin'. Did you mean 'sine'?.*absolute, runge"),
        ({"examples": 0}, r"data\.examples=0"),
        ({"test_size": 1}, r"data\.test_size=1; valid: 2 or more"),
        ({"noise": -0.5}, r"data\.noise=-0\.5"),
        ({"data_seed": -1}, r"data\.data_seed=-1"),
    ],
)
def test_what_is_out_of_range(options, message):
    with pytest.raises(DataError, match=message):
        curve(**options)
