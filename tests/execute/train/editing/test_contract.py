"""What holds of every operation, on the network that its example is written for."""

import pytest
import torch
import yaml
from torch import nn

from ablate.config.model.edit import OPERATIONS, read_edits
from ablate.config.trial import TrialConfig
from ablate.execute.train.network import network

pytestmark = [pytest.mark.numeric, pytest.mark.parametrize("name", OPERATIONS)]

NET = """
    from torch import nn


    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer1, self.layer4 = nn.Linear(4, 4), nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
            self.layers, self.relu = nn.ModuleList(nn.Linear(4, 4) for _ in range(6)), nn.ReLU()
            self.fc = nn.Linear(4, 2)
            for layer in [*self.layers, self.fc]:  # as if loaded: to draw it anew changes it
                nn.init.constant_(layer.weight, 0.25)

        def forward(self, x):
            x = self.layer4(self.relu(self.layer1(x)))
            for layer in self.layers:
                x = layer(x)
            return self.fc(x)
"""


@pytest.fixture
def built(project):
    project("net.py", NET)

    def build(edit=None, seed=3):
        model = {"_target_": "net.Net", **({} if edit is None else {"edit": edit})}
        return network(TrialConfig.from_dict({"model": model}), seed=seed)

    return build


def example(name):
    return yaml.safe_load(OPERATIONS[name].written)


def described(net):
    """Part of the network → its modules, and its parameters with whether they train."""
    return {
        path: (repr(part), [(parameter.tolist(), parameter.requires_grad) for parameter in part.parameters()])
        for path, part in net.named_children()
    }


def test_its_example_is_read(name):
    (edit,) = read_edits(example(name))
    assert edit.operation == name
    assert all((node is not None) is OPERATIONS[name].builds for node in edit.nodes.values())


def test_it_changes_what_it_selects_and_nothing_else(name, built):
    plain, edited = built(), built(example(name))
    (selected,) = read_edits(example(name))[0].nodes
    before, after = described(plain), described(edited)
    changed = {path for path in before if before[path] != after.get(path)}
    assert changed == {selected.lower().partition(".")[0]}


def test_its_seed_alone_decides(name, built):
    torch.manual_seed(1)
    one = built(example(name)).state_dict()
    torch.manual_seed(2)
    other = built(example(name)).state_dict()
    assert one.keys() == other.keys()
    assert all(torch.equal(one[key], other[key]) for key in one)


def test_the_network_still_computes_and_trains(name, built):
    net = built(example(name))
    assert isinstance(net, nn.Module)
    net(torch.ones(3, 4)).sum().backward()
    assert any(parameter.grad is not None for parameter in net.parameters())
