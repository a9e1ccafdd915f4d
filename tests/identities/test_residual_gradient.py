"""The two ways of a residual block's gradient."""

import pytest

from ablate.identities import residual_gradient

pytestmark = pytest.mark.numeric


@pytest.mark.parametrize(("blocks", "width", "seed"), [(1, 3, 0), (3, 8, 1), (5, 4, 2)])
def test_it_takes_both_of_them(blocks, width, seed):
    identities = residual_gradient.both_ways(blocks=blocks, width=width, seed=seed)
    assert all(identity.holds for identity in identities)
    assert max(identity.found for identity in identities) < 1e-13


def test_a_block_without_its_shortcut_is_found_out(monkeypatch):
    monkeypatch.setattr(residual_gradient.Block, "forward", lambda self, x: self.branch(x))
    entering, product, unchanged = residual_gradient.both_ways(blocks=2)
    assert not entering.holds
    assert not product.holds
    assert unchanged.found == 1  # nothing passes
