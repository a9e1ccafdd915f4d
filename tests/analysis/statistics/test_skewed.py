import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ablate.analysis.statistics.distribution import t_quantile
from ablate.analysis.statistics.skewed import transformed_interval, transformed_p
from ablate.analysis.statistics.student import sd, t_interval

pytestmark = pytest.mark.numeric

numbers = st.floats(-1e3, 1e3, allow_nan=False).map(lambda x: round(x, 6))
samples = st.lists(numbers, min_size=5, max_size=30).map(np.array)


@given(samples, st.sampled_from([0.8, 0.9, 0.95]))
def test_its_ends_are_where_the_cubic_of_t_has_its_quantiles(values, level):
    """Hall (1992): T + γT²/3 + γ²T³/27 + γ/(6n) with T = (mean − μ)/s, against Student's quantile over √n."""
    assume(np.ptp(values) > 1e-3)
    found, n = transformed_interval(values, level=level), len(values)
    deviations = values - values.mean()
    gamma = np.mean(deviations**3) / np.mean(deviations**2) ** 1.5
    for end, sign in ((found.low, 1), (found.high, -1)):
        t = (values.mean() - end) / sd(values)
        transformed = t + gamma * t**2 / 3 + gamma**2 * t**3 / 27 + gamma / (6 * n)
        assert transformed == pytest.approx(
            sign * t_quantile((1 + level) / 2, n - 1) / math.sqrt(n), rel=1e-6, abs=1e-6
        )


@given(samples, st.sampled_from([0.8, 0.9, 0.95]))
def test_its_p_is_alpha_at_its_ends(values, level):
    assume(np.ptp(values) > 1e-3)
    found, alpha = transformed_interval(values, level=level), (1 - level) / 2
    assert transformed_p(values, found.low) == pytest.approx(alpha, rel=1e-5)
    assert transformed_p(-values, -found.high) == pytest.approx(alpha, rel=1e-5)


def test_of_symmetric_values_it_is_the_t_interval():
    values = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    plain, found = t_interval(values), transformed_interval(values)
    assert (found.low, found.high) == pytest.approx((plain.low, plain.high))


@given(samples, st.floats(1e-6, 1e6), st.floats(-1e3, 1e3))
def test_it_moves_and_scales_with_the_values(values, scale, shift):
    assume(np.ptp(values) > 1e-3)
    found, moved = transformed_interval(values), transformed_interval(values * scale + shift)
    size = scale * np.ptp(values) + abs(shift) * 1e-6
    assert (moved.low, moved.high) == pytest.approx(
        (found.low * scale + shift, found.high * scale + shift), abs=1e-5 * size
    )


def test_it_reaches_further_to_the_side_of_the_long_tail():
    values = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 3.0])
    plain, found = t_interval(values), transformed_interval(values)
    assert found.high - found.value > plain.high - plain.value > found.value - plain.low - 1e-12
    assert found.low > plain.low


@pytest.mark.parametrize("values", [[1.0, 2.0, 3.0, 4.0], [2.0] * 6])
def test_few_values_and_equal_ones_have_none(values):
    found = transformed_interval(np.array(values))
    assert (found.value, found.low, found.high) == (np.mean(values), None, None)
