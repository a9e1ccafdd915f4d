import math

import numpy as np
import pytest
from scipy import special

from ablate.analysis.statistics.scale import from_scale, number_on_scale, on_scale

VALUES = np.array([[0.02, 0.5], [0.9, 0.999]])


def test_identity_changes_nothing():
    assert on_scale(VALUES, "identity") is VALUES


def test_the_scales_are_scipys():
    np.testing.assert_allclose(on_scale(VALUES, "log"), np.log(VALUES))
    np.testing.assert_allclose(on_scale(VALUES, "logit"), special.logit(VALUES), rtol=1e-12)


def test_a_share_of_counted_examples_has_the_empirical_logit():
    """log((k + ½) / (n − k + ½)), Cox and Snell (1989): finite where no example is right, and where all are."""
    k, n = np.arange(11.0), 10.0
    found = on_scale(k / n, "logit", examples=np.full(11, n))
    np.testing.assert_allclose(found, np.log((k + 0.5) / (n - k + 0.5)), rtol=1e-12, atol=1e-15)


def test_what_has_no_place_on_a_scale_is_missing():
    assert np.isnan(on_scale(np.array([0.0, -1.0]), "log")).all()
    assert np.isnan(on_scale(np.array([0.0, 1.0, 1.5]), "logit")).all()
    counts = np.array([0.0, np.nan, 10.0])
    assert np.isnan(on_scale(np.ones(3), "logit", examples=counts)).tolist() == [True, True, False]


@pytest.mark.parametrize("scale", ["identity", "log", "logit"])
def test_there_and_back(scale):
    assert from_scale(number_on_scale(0.83, scale), scale) == pytest.approx(0.83)
    assert number_on_scale(0.83, "logit") == pytest.approx(math.log(0.83 / 0.17))
