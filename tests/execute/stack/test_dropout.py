import copy

import pytest
import torch
from torch import nn

from ablate.execute.stack.dropout import DropoutOrder, Masks
from ablate.execute.stack.unstackable import Unstackable
from ablate.models.dropout import replace_dropout

pytestmark = pytest.mark.numeric


def drawn_by(network, x):
    watched = copy.deepcopy(network)
    draws = DropoutOrder(watched)
    watched(x)
    return draws.layers


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("rate", [0.0, 0.3, 0.5, 1.0])
def test_a_mask_is_the_one_that_torch_draws(rate, dtype):
    networks = [nn.Sequential(nn.Dropout(rate), nn.Flatten(), nn.Dropout(0.2)) for _ in range(2)]
    x = torch.rand(7, 3, 11, dtype=dtype)
    masks = Masks(networks, seeds=[5, 6], layers=drawn_by(networks[0], x))
    for step in range(2):
        drawn = masks.draw(dtype, x.device)
        assert {name: mask.shape for name, mask in drawn.items()} == {"0.mask": (2, 7, 3, 11), "2.mask": (2, 7, 33)}
        for member, seed in enumerate((5, 6)):
            torch.manual_seed(seed)
            for _ in range(step + 1):
                wanted = networks[member](x)
            assert torch.equal((x * drawn["0.mask"][member]).flatten(1) * drawn["2.mask"][member], wanted)


def test_a_layout_that_is_not_the_usual_one_draws_in_its_own_order():
    network = nn.Sequential(nn.Dropout(0.5))
    x = torch.rand(4, 5).t()
    torch.manual_seed(1)
    wanted = network(x)
    drawn = Masks([network], seeds=[1], layers=drawn_by(network, x)).draw(x.dtype, x.device)["0.mask"][0]
    assert torch.equal(x * drawn, wanted)


def test_a_layer_that_draws_twice_is_refused():
    drop = nn.Dropout(0.5)
    network = nn.Sequential(drop, nn.ReLU(), drop)
    DropoutOrder(network)
    with pytest.raises(Unstackable, match="dropout layer 0 draws more than once a step"):
        network(torch.rand(2, 2))


def test_evaluation_draws_nothing():
    network = nn.Sequential(nn.Dropout(0.5))
    masks = Masks([network], seeds=[1], layers={"0": torch.rand(2, 2)})
    skeleton = masks.replace(nn.Sequential(nn.Dropout(0.5))).eval()
    x = torch.rand(2, 2)
    assert torch.equal(skeleton(x), x)


@pytest.mark.gpu
@pytest.mark.parametrize("rate", [0.3, 1.0])
def test_on_cuda_a_mask_is_the_one_that_a_lone_network_draws(rate):
    if not torch.cuda.is_available():
        pytest.skip("there is no CUDA device")
    network = replace_dropout(nn.Sequential(nn.Dropout(rate), nn.Flatten(), nn.Dropout(0.2)))
    x = torch.rand(7, 3, 11, device="cuda")
    masks = Masks([network, network], seeds=[5, 6], layers=drawn_by(network, x))
    drawn = masks.draw(x.dtype, x.device)
    torch.manual_seed(6)
    assert torch.equal((x * drawn["0.mask"][1]).flatten(1) * drawn["2.mask"][1], network(x))


def test_masks_are_drawn_where_the_stack_is(monkeypatch):
    asked = []
    monkeypatch.setattr(torch, "Generator", asked.append)
    network = nn.Sequential(nn.Dropout(1.0))
    masks = Masks([network] * 2, seeds=[1, 2], layers={"0": torch.rand(2, 2)})
    with pytest.raises(AttributeError):  # meta has no generator
        masks.draw(torch.float32, torch.device("meta"))
    assert asked == [torch.device("meta")]
