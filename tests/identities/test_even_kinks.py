"""A layer of ReLUs with computed weights is the linear interpolation of a curve."""

import numpy as np
import pytest

from ablate.identities import even_kinks

pytestmark = pytest.mark.numeric


def test_wider_layers_can_follow_the_curve_as_closely_as_is_wished():
    found = even_kinks.sup_error()
    assert all(identity.holds for identity in found)
    errors = [identity.found for identity in found]
    assert errors == sorted(errors, reverse=True)
    for width, error in zip((4, 16, 64, 256), errors, strict=True):
        assert error <= (2 / width) ** 2 * 50 / 8  # Runge's second derivative is largest at 0: 50
    assert errors[-1] == pytest.approx((2 / 256) ** 2 * 50 / 8, rel=0.05)


def test_a_curve_of_straight_pieces_is_met_exactly():
    (identity,) = even_kinks.sup_error(function="absolute", widths=(2,))
    assert identity.found == pytest.approx(0, abs=1e-12)


def test_a_wrong_slope_is_found_out(monkeypatch):
    true = even_kinks._network
    monkeypatch.setattr(even_kinks, "_network", lambda places, values: true(places, np.roll(values, 1)))
    assert not any(identity.holds for identity in even_kinks.sup_error())
