"""The gradient of a batch, from those of its examples."""

import pytest

from ablate.identities import gradient_sum

pytestmark = pytest.mark.numeric


@pytest.mark.parametrize(("examples", "pieces"), [(32, 4), (10, 3), (6, 6)])
def test_it_is_the_mean_of_its_examples_and_the_weighted_sum_of_its_pieces(examples, pieces):
    mean, weighted, with_norm = gradient_sum.accumulated(examples=examples, pieces=pieces if pieces < examples else 3)
    assert mean.holds
    assert weighted.holds
    assert max(mean.found, weighted.found) < 1e-13
    assert with_norm.holds
    assert with_norm.true_as_said is False


def test_a_piece_that_is_left_out_is_found_out(monkeypatch):
    gradient = gradient_sum._gradient
    monkeypatch.setattr(
        gradient_sum, "_gradient", lambda net, x, target: gradient(net, x, target) * (0.5 if len(x) == 8 else 1)
    )
    mean, weighted, _ = gradient_sum.accumulated()
    assert mean.holds
    assert weighted.found == pytest.approx(0.5)  # half of the largest entry is missing
