"""Counts, against the sizes that the papers give."""

import itertools

import pytest
import torchvision

from ablate.identities.parameter_counts import small_net, vgg16

pytestmark = pytest.mark.numeric

CONVOLUTIONS = [3, 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512]
DENSE = [7 * 7 * 512, 4096, 4096, 1000]


def test_the_small_net():
    side = (28 - 5 + 1) // 2
    weights, biases, filters = small_net()
    assert (weights.found, biases.found, filters.found) == (3 * side**2 * 10, 10, 78)
    assert (weights.expected, side) == (4320, 12)
    assert all(identity.holds for identity in small_net())


def test_vgg16_against_its_table():
    convolutions = [9 * i * o + o for i, o in itertools.pairwise(CONVOLUTIONS)]
    dense = [i * o + o for i, o in itertools.pairwise(DENSE)]
    all_of_them = sum(convolutions) + sum(dense)
    total, last, fully = vgg16()
    assert total.found == all_of_them == total.expected
    assert last.found == pytest.approx(100 * sum(dense[-2:]) / all_of_them, rel=1e-14)
    assert fully.found == pytest.approx(100 * sum(dense) / all_of_them, rel=1e-14)
    assert all(identity.holds for identity in (total, last, fully))
    assert (round(last.found, 1), round(fully.found, 1)) == (15.1, 89.4)
    assert last.true_as_said is False


def test_another_vgg_is_found_out(monkeypatch):
    monkeypatch.setattr(torchvision.models, "vgg16", torchvision.models.vgg11)
    total, last, fully = vgg16()
    assert not total.holds
    assert total.found == 132_863_336  # of VGG11, as torchvision's page of its weights says
    assert (last.holds, fully.holds) == (False, False)
