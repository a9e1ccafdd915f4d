"""Convolutions as dense layers."""

import pytest

from ablate.identities.conv_in_fc import as_dense

pytestmark = pytest.mark.numeric


@pytest.mark.parametrize(
    ("shape", "kernel", "not_zero"),
    [
        # Along a side of 4, a kernel of 3 joins 2 + 3 + 3 + 2 pairs of positions, one of 1 joins 4, one of 5 joins
        # 3 + 4 + 4 + 3.
        ((1, 1, 4, 4), 3, 10 * 10),
        ((2, 3, 4, 4), 1, 6 * 4 * 4),
        ((1, 2, 4, 4), 5, 2 * 14 * 14),
    ],
)
def test_a_dense_layer_has_its_outputs_with_most_weights_zero(shape, kernel, not_zero):
    channels, maps, height, width = shape
    same, weights, there, different = as_dense(
        channels=channels, maps=maps, height=height, width=width, kernel=kernel, seed=3
    )
    assert same.holds
    assert same.found < 1e-13
    assert (weights.found, there.found, different.found) == (
        channels * maps * 256,
        not_zero,
        channels * maps * kernel**2,
    )
    assert all(identity.holds for identity in (weights, there, different))
