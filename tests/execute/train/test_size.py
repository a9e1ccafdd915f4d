import pytest
import torch
from torch import nn

from ablate.execute.train.size import flops, parameters

pytestmark = pytest.mark.numeric


def test_parameters_that_train_are_counted_once():
    shared = nn.Linear(4, 4)
    net = nn.Sequential(nn.Linear(3, 4), shared, shared, nn.BatchNorm1d(4))
    assert parameters(net) == (3 * 4 + 4) + (4 * 4 + 4) + 2 * 4
    net[0].weight.requires_grad_(False)
    assert parameters(net) == 4 + (4 * 4 + 4) + 2 * 4


@pytest.mark.parametrize(
    ("layer", "shape", "expected"),
    [
        (nn.Linear(7, 5), (7,), 2 * 7 * 5),
        (nn.Linear(7, 5, bias=False), (7,), 2 * 7 * 5),
        (nn.Conv2d(3, 8, 3, padding=1), (3, 10, 6), 2 * (3 * 3 * 3) * 8 * (10 * 6)),
        (nn.Conv2d(4, 8, 3, stride=2, groups=2), (4, 9, 9), 2 * (2 * 3 * 3) * 8 * (4 * 4)),
    ],
)
def test_a_multiplication_and_its_addition_are_two_operations(layer, shape, expected):
    assert flops(layer, torch.zeros(1, *shape)) == expected


class Attention(nn.Module):
    def __init__(self, need_weights):
        super().__init__()
        self.need_weights, self.layer = need_weights, nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x):
        return self.layer(x, x, x, need_weights=self.need_weights)[0]


PROJECTIONS, PRODUCTS = 2 * 5 * 8 * (3 * 8 + 8), 2 * 2 * (5 * 5 * 4) * 2
"""Of 5 steps of 8 features: queries, keys, values and outputs; then scores and sums of values, for 2 heads of 4."""


@pytest.mark.parametrize(
    ("net", "more"),
    [
        (Attention(True), 0),
        (Attention(False), 0),
        (nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2 * 2 * 5 * 8 * 16),
    ],
)
def test_attention_is_counted_where_torch_would_fuse_it(net, more):
    fast = torch.backends.mha.get_fastpath_enabled()
    assert flops(net, torch.zeros(1, 5, 8)) == PROJECTIONS + PRODUCTS + more
    assert torch.backends.mha.get_fastpath_enabled() == fast


def test_without_an_example_there_is_nothing_to_count():
    assert flops(nn.Linear(1, 1), None) is None


class Noisy(nn.Module):
    def __init__(self):
        super().__init__()
        self.frozen, self.layer = nn.BatchNorm1d(3), nn.Linear(3, 3)
        self.frozen.eval()

    def forward(self, x):
        return self.layer(self.frozen(x)) + torch.randn(3)


def test_counting_leaves_modes_buffers_and_the_generator_alone():
    net = Noisy()
    state, buffers = torch.get_rng_state(), {n: b.clone() for n, b in net.named_buffers()}
    assert flops(net, torch.ones(1, 3)) == 2 * 9
    assert torch.equal(torch.get_rng_state(), state)
    assert (net.training, net.frozen.training, net.layer.training) == (True, False, True)
    assert all(torch.equal(b, buffers[n]) for n, b in net.named_buffers())
