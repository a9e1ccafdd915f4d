import pytest
import torch
from torch import nn

from ablate.models.dropout import MaskDropout, dropout_mask, replace_dropout

pytestmark = pytest.mark.numeric


@pytest.mark.parametrize("rate", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("inplace", [False, True])
def test_on_the_cpu_it_is_torch_s_dropout(rate, inplace):
    x = torch.rand(5, 7).t()  # a layout that is not the usual one draws in its own order
    found, wanted = MaskDropout(rate, inplace), nn.Dropout(rate, inplace)
    for training in (True, False):
        results = []
        for layer in (found.train(training), wanted.train(training)):
            torch.manual_seed(3)
            leaf = x.clone().requires_grad_()
            y = layer(leaf * 1)
            y.square().sum().backward()
            results.append((y.detach(), leaf.grad))
        assert all(torch.equal(one, other) for one, other in zip(*results, strict=True))


def test_a_mask_keeps_the_mean():
    mask = dropout_mask(torch.empty(4, 3, dtype=torch.float64), 0.75, torch.Generator().manual_seed(0))
    assert set(mask.flatten().tolist()) == {0.0, 4.0}


def test_layers_are_replaced_where_they_are():
    shared, mine = nn.Dropout(0.2), type("Mine", (nn.Dropout,), {})(0.3)
    network = replace_dropout(nn.Sequential(shared, nn.ReLU(), shared, mine, nn.Dropout1d()))
    assert [type(part) for part in network] == [MaskDropout, nn.ReLU, MaskDropout, type(mine), nn.Dropout1d]
    assert network[0] is network[2] is shared
    assert shared.p == 0.2
