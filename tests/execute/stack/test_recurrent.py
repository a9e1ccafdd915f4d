"""Recurrent layers of a stack, folded, against torch's own layers of each member."""

import pytest
import torch
from torch import nn
from torch.func import functional_call

from ablate.execute.stack.dropout import Masks
from ablate.execute.stack.folded import Folded, can_be_folded
from ablate.execute.stack.networks import Stack, predictions
from tests.execute.stack.test_stacked_module import assert_equal, both
from tests.tolerances import NETWORK_64

pytestmark = pytest.mark.numeric

MEMBERS, BATCH, STEPS = 3, 4, 7


class Net(nn.Module):
    """A recurrent layer with a use of all that it returns."""

    def __init__(self, kind, **options):
        super().__init__()
        self.layer = kind(5, 6, **options)
        self.output = nn.Linear(6 * (1 + self.layer.bidirectional), 2)

    def forward(self, x):
        x = x if self.layer.batch_first else x.transpose(0, 1)
        states, last = self.layer(x)
        states = states if self.layer.batch_first else states.transpose(0, 1)
        last = last[0] * last[1] if isinstance(last, tuple) else last
        return self.output(states.square().mean(1)) + last.sum((0, 2)).unsqueeze(1)


def stack_of(kind, **options):
    networks = [Net(kind, **options).double() for _ in range(MEMBERS)]
    masks = Masks(networks, seeds=range(MEMBERS), layers={})
    return Stack(networks, trained=[n for n, _ in networks[0].named_parameters()], masks=masks)


@pytest.mark.parametrize("kind", [nn.GRU, nn.LSTM])
@pytest.mark.parametrize("options", [{"batch_first": True}, {}, {"bias": False}], ids=str)
def test_predictions_and_gradients_are_those_of_the_members(kind, options):
    torch.manual_seed(0)
    stack = stack_of(kind, **options)
    x = torch.randn(MEMBERS, BATCH, STEPS, 5, dtype=torch.float64)
    skeleton = stack.skeleton
    stack.fold(x)
    assert isinstance(stack.skeleton, Folded)
    leaves = stack.leaves()
    together = predictions(stack.skeleton, stack.state(leaves), x)
    alone = torch.stack(
        [functional_call(skeleton, {k: v[i] for k, v in leaves.items()}, (x[i],)) for i in range(MEMBERS)]
    )
    torch.testing.assert_close(together, alone, rtol=NETWORK_64, atol=NETWORK_64)
    mine, theirs = (torch.autograd.grad(y.square().sum(), list(leaves.values())) for y in (together, alone))
    for one, other in zip(mine, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=NETWORK_64, atol=NETWORK_64)


@pytest.mark.parametrize("options", [{"num_layers": 2}, {"bidirectional": True}, {"proj_size": 3}], ids=str)
def test_what_is_more_than_one_loop_is_not_folded(options):
    assert not can_be_folded(Net(nn.LSTM, **options))


class Started(Net):
    """Begins at ones."""

    def forward(self, x):
        return self.output(self.layer(x, torch.ones(1, len(x), 6, dtype=x.dtype))[0].mean(1))


def test_a_layer_with_an_initial_state_is_not_folded():
    networks = [Started(nn.GRU, batch_first=True).double() for _ in range(MEMBERS)]
    masks = Masks(networks, seeds=range(MEMBERS), layers={})
    stack = Stack(networks, trained=[n for n, _ in networks[0].named_parameters()], masks=masks)
    stack.fold(torch.randn(MEMBERS, BATCH, STEPS, 5, dtype=torch.float64))
    assert not isinstance(stack.skeleton, Folded)


@pytest.mark.parametrize("model", ["gru", "lstm"])
def test_steps_are_those_of_each_member_alone(trials, model):
    sequences = ("data=motifs", "data.examples=260", "data.val_size=60", "data.test_size=40", "data.length=12")
    words = (f"model={model}", "~model.width", "~model.depth", "~model.skip_span", "model.init=xavier,orthogonal")
    stacked, alone = both(trials(*sequences, *words, "data.limit=null"))
    assert_equal(stacked, alone)
