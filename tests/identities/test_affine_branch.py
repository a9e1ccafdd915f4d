"""How far a residual net is from affine."""

from functools import partial

import pytest

from ablate.identities import affine_branch
from ablate.models import MLP


@pytest.mark.parametrize("options", [{}, {"inputs": (3, 2), "width": 5, "depth": 6, "skip_span": 3, "seed": 4}])
def test_without_a_non_linearity_it_is_and_with_one_it_is_not(options):
    affine, bent = affine_branch.affine_residual(**options)
    assert affine.holds
    assert affine.found < 1e-14
    assert bent.holds
    assert bent.found < 1e-12


def test_a_non_linearity_in_any_branch_is_found_out(monkeypatch):
    class Bent(MLP):
        def __init__(self, **options):
            super().__init__(**options | {"branch_activation": "inner"})

    monkeypatch.setattr(affine_branch, "MLP", Bent)
    affine, bent = affine_branch.affine_residual()
    assert not affine.holds
    assert affine.found > 0.01
    assert not bent.holds  # with a span of 1, no activation is inside: x + Wx is linear
    assert bent.found > 0.1


def test_the_activation_counts(monkeypatch):
    monkeypatch.setattr(affine_branch, "MLP", partial(MLP, hidden_activation="tanh"))
    affine, bent = affine_branch.affine_residual()
    assert affine.holds
    assert not bent.holds  # tanh is odd: f(x) + f(−x) − 2f(0) is 0
    assert bent.found > 0.1
