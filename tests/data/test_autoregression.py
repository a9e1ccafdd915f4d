import math

import numpy as np
import pytest
import torch
from statsmodels.tsa.arima_process import ArmaProcess

from ablate.data import autoregression, split
from ablate.errors import DataError

pytestmark = pytest.mark.numeric

SECOND_ORDER = [1.2, -0.6]


def arrays(**options):
    pool = autoregression(**({"coefficients": SECOND_ORDER} | options)).pool
    return pool.inputs[:, 0].double().numpy(), pool.targets.double().numpy()


def least_squares(x, y, *, before, after):
    """MSE of the best linear rule for target t on x_(t−before) … x_(t+after), at one inner t of every series."""
    t = x.shape[1] // 2
    design = x[:, t - before : t + after + 1]
    return np.linalg.lstsq(design, y[:, t], rcond=None)[1].sum() / len(x)


@pytest.mark.parametrize("lead", [1, 2, 5])
def test_targets_are_the_same_series_later(lead):
    x, y = arrays(lead=lead)
    np.testing.assert_array_equal(y[:, :-lead], x[:, lead:])
    assert x.shape == y.shape == (1600, 64)


@pytest.mark.parametrize("coefficients", [[0.7], [1.2, -0.6], [0.5, 0.2, -0.3], [0.0, 0.0, 0.0, 0.9]])
def test_covariances_are_the_processs_from_the_first_step(coefficients):
    x, _ = arrays(coefficients=coefficients, examples=40_000, length=8)
    theory = ArmaProcess(np.r_[1, -np.array(coefficients)], [1.0]).acovf(8)
    expected = theory / theory[0]
    covariance = x.T @ x / len(x)
    np.testing.assert_allclose(covariance[0], expected, atol=5 * math.sqrt(2 / 40_000))
    np.testing.assert_allclose(covariance[7, ::-1], expected, atol=5 * math.sqrt(2 / 40_000))


@pytest.mark.parametrize(("lead", "floor"), [(1, 0.28), (2, 0.6832), (3, 0.880768)])
def test_the_floor_by_least_squares(lead, floor):
    """ψ is 1, 1.2, .84; the variance of an AR(2) at σ = 1 is (1 − a₂) / ((1 + a₂)((1 − a₂)² − a₁²)) = 1 / .28."""
    x, y = arrays(lead=lead, examples=30_000, length=16)
    assert least_squares(x, y, before=1, after=0) == pytest.approx(floor, rel=0.04)
    assert least_squares(x, y, before=6, after=0) == pytest.approx(floor, rel=0.04)


def test_the_innovation_is_what_the_coefficients_leave():
    x, y = arrays(examples=5000, length=10)
    left = y[:, 1:] - 1.2 * x[:, 1:] + 0.6 * x[:, :-1]
    assert left.var() == pytest.approx(0.28, rel=0.04)
    assert np.abs(np.corrcoef(left.T) - np.eye(9)).max() < 5 / math.sqrt(5000)
    assert np.abs(left.T @ x[:, 0]).max() / 5000 < 5 * math.sqrt(0.28 / 5000)


@pytest.mark.parametrize("ahead", [1, 2])
def test_a_centred_view_copies_a_target_that_it_sees_and_is_no_better_on_one_that_it_does_not(ahead):
    seen = arrays(examples=20_000, length=16)
    shifted = arrays(examples=20_000, length=16, lead=ahead + 1)
    assert least_squares(*seen, before=ahead, after=ahead) < 1e-12
    assert least_squares(*shifted, before=ahead, after=ahead) == pytest.approx(0.28, rel=0.04)


def test_sizes_limit_and_seed():
    splits = split(autoregression(coefficients=[0.5], length=9), seed=0)
    assert (len(splits.train), len(splits.val), len(splits.test)) == (1000, 200, 400)
    assert splits.train.inputs.shape == (1000, 1, 9)
    few, more, other = (arrays(examples=n, data_seed=s)[0] for n, s in ((50, 0), (80, 0), (50, 1)))
    np.testing.assert_array_equal(few, more[:50])
    assert not np.array_equal(few, other)
    assert len(autoregression(coefficients=[0.5], limit=70).pool) == 70


def test_a_constant_expects_an_error_of_one():
    x, _ = arrays(examples=20_000, length=4)
    assert (x**2).mean() == pytest.approx(1, abs=0.03)
    assert torch.float32 == autoregression(coefficients=[0.5]).pool.targets.dtype


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"coefficients": []}, r"data\.coefficients is empty"),
        ({"coefficients": [1.0]}, r"data\.coefficients=\[1\.0\] are of a series that grows or wanders off"),
        ({"coefficients": [0.5, 0.6]}, "inside the unit circle"),
        ({"coefficients": [math.nan]}, "inside the unit circle"),
        ({"length": 0}, r"data\.length=0"),
        ({"lead": 0}, r"data\.lead=0; valid: 1 or more"),
        ({"examples": 0}, r"data\.examples=0"),
        ({"data_seed": -1}, r"data\.data_seed=-1"),
    ],
)
def test_what_is_out_of_range(options, message):
    with pytest.raises(DataError, match=message):
        arrays(**options)
