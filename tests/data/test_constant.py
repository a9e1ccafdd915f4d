import math

import pytest
import torch
from torch import nn

from ablate.data import constant, split
from ablate.errors import DataError


def test_every_example_is_zero_with_the_target_one():
    splits = split(constant(features=3), seed=0)
    for arrays, count in ((splits.train, 64), (splits.val, 16), (splits.test, 16)):
        assert torch.equal(arrays.inputs, torch.zeros(count, 3))
        assert torch.equal(arrays.targets, torch.ones(count, 1))


@pytest.mark.parametrize("activation", [nn.ReLU, nn.Tanh])
def test_without_biases_a_sigmoid_says_exactly_one_half(activation):
    torch.manual_seed(0)
    pool = constant(limit=5).pool
    logits = nn.Sequential(nn.Linear(1, 8, bias=False), activation(), nn.Linear(8, 1, bias=False))(pool.inputs)
    assert (logits == 0).all()
    assert nn.functional.mse_loss(logits, pool.targets).item() == 1
    assert nn.functional.mse_loss(logits.sigmoid(), pool.targets).item() == 0.25
    entropy = nn.functional.binary_cross_entropy_with_logits(logits, pool.targets)
    assert entropy.item() == pytest.approx(math.log(2), rel=1e-6)


@pytest.mark.parametrize("options", [{"features": 0}, {"examples": 0}, {"limit": 97}])
def test_what_is_out_of_range(options):
    with pytest.raises(DataError, match=rf"data\.{next(iter(options))}="):
        constant(**options)
