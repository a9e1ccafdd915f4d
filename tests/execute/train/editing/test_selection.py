import pytest
from torch import nn

from ablate.execute.train.editing.selection import outermost, select


@pytest.fixture
def net():
    def block():
        return nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.ReLU(), nn.Linear(2, 2)))

    made = nn.Module()
    made.layer1, made.layer2, made.fc = nn.Sequential(block(), block()), nn.Sequential(block()), nn.Linear(2, 2)
    return made


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("layer1.0", ["layer1.0"]),
        ("layer*", ["layer1", "layer2"]),
        ("layer*.*", ["layer1.0", "layer1.1", "layer2.0"]),
        ("layer[1].?", ["layer1.0", "layer1.1"]),
        ("*", ["layer1", "layer2", "fc"]),
        ("*.*.1.0", ["layer1.0.1.0", "layer1.1.1.0", "layer2.0.1.0"]),
        ("**.1.1", ["layer1.0.1.1", "layer1.1.1", "layer1.1.1.1", "layer2.0.1.1"]),
        ("layer2.**", ["layer2", "layer2.0", "layer2.0.0", "layer2.0.1", "layer2.0.1.0", "layer2.0.1.1"]),
        ("ReLU", ["layer1.0.1.0", "layer1.1.1.0", "layer2.0.1.0"]),
        ("torch.nn.ReLU", ["layer1.0.1.0", "layer1.1.1.0", "layer2.0.1.0"]),
        ("torch.nn.modules.activation.ReLU", ["layer1.0.1.0", "layer1.1.1.0", "layer2.0.1.0"]),
    ],
)
def test_a_path_a_glob_and_a_type_select(net, selector, found):
    assert list(select(net, selector, "here")) == found


def test_a_path_comes_before_a_type_of_that_name(net):
    net.Linear = nn.ReLU()
    assert list(select(net, "Linear", "here")) == ["Linear"]


def test_outermost_are_in_no_other(net):
    assert list(outermost(select(net, "Sequential", "here"))) == ["layer1", "layer2"]
