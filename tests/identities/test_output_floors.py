"""The least error of an output that cannot reach its targets."""

import pytest
from scipy import integrate, stats
from torch import nn

from ablate.identities.output_floors import normal_targets
from ablate.models import OUTPUT_ACTIVATIONS

pytestmark = pytest.mark.numeric

RANGES = {"relu": (0, None), "tanh": (-1, 1), "sigmoid": (0, 1)}


def test_the_floors_are_those_of_an_adaptive_quadrature():
    found = normal_targets()
    assert len(found) == len(RANGES)
    for identity, (low, high) in zip(found, RANGES.values(), strict=True):
        below = integrate.quad(lambda y, b=low: (y - b) ** 2 * stats.norm.pdf(y), -40, low)[0]
        above = 0 if high is None else integrate.quad(lambda y, b=high: (y - b) ** 2 * stats.norm.pdf(y), high, 40)[0]
        assert identity.holds
        assert identity.expected == pytest.approx(below + above, abs=1e-8)
        assert identity.found == pytest.approx(below + above, abs=1e-6)
    assert [round(identity.found, 3) for identity in found] == [0.5, 0.151, 0.575]


def test_an_output_that_reaches_all_targets_is_found_out(monkeypatch):
    monkeypatch.setitem(OUTPUT_ACTIVATIONS, "relu", nn.Identity)
    relu, tanh, sigmoid = normal_targets()
    assert (relu.holds, tanh.holds, sigmoid.holds) == (False, True, True)
    assert relu.found == 0
