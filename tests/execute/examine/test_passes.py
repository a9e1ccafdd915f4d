import pytest
import torch
from torch import nn

from ablate.execute.examine.passes import passes
from ablate.execute.process.torch_private import has_forward_hooks

pytestmark = pytest.mark.numeric


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.twice, self.pair, self.idle = nn.Linear(4, 4), nn.LSTM(4, 3, batch_first=True), nn.Linear(2, 2)
        self.inner = nn.Sequential(nn.Dropout(0.5), nn.Linear(4, 6))

    def forward(self, x):
        x = self.twice(input=self.twice(x))
        self.pair(x.unsqueeze(1))
        return {"logits": self.inner(x)}


def test_each_module_has_the_shapes_of_its_first_call_and_the_operations_of_all():
    net = Net()
    found = passes(net, torch.zeros(1, 4))
    assert net.idle not in found
    assert (found[net.twice].inputs, found[net.twice].output, found[net.twice].flops) == ((1, 4), (1, 4), 2 * 2 * 16)
    assert (found[net.pair].output, found[net.pair].is_tensor) == ((1, 1, 3), False)
    assert (found[net.inner].flops, found[net.inner[1]].flops) == (2 * 24, 2 * 24)
    assert (found[net].output, found[net].is_tensor) == ((1, 6), False)
    assert found[net].flops == sum(found[part].flops for part in (net.twice, net.pair, net.inner))


def test_the_network_and_the_generator_are_as_before():
    net = Net()
    state = torch.get_rng_state()
    passes(net, torch.zeros(1, 4))
    with pytest.raises(RuntimeError):
        passes(net, torch.zeros(1, 5))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(part.training and not has_forward_hooks(part) for part in net.modules())
