import copy

import pytest
import torch
from torch import nn

from ablate.execute.train.step import NoUpdate, loss_of, take_step

pytestmark = pytest.mark.numeric

INPUTS, TARGETS = torch.linspace(-1, 1, 24, dtype=torch.float64).view(8, 3), torch.arange(8) % 4


@pytest.fixture
def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 4)).double()


def by_hand(network, steps, *, rate, largest=None):
    """Gradient descent without an optimizer, its gradient clipped by the formula."""
    losses = []
    for _ in range(steps):
        loss = nn.functional.cross_entropy(network(INPUTS), TARGETS)
        losses.append(loss.item())
        gradients = torch.autograd.grad(loss, list(network.parameters()))
        norm = torch.cat([g.flatten() for g in gradients]).norm()
        scale = 1.0 if largest is None else min(1.0, largest / (norm + 1e-6))
        with torch.no_grad():
            for parameter, gradient in zip(network.parameters(), gradients, strict=True):
                parameter.sub_(rate * scale * gradient)
    return losses


@pytest.mark.parametrize("largest", [None, 0.05, 1e9])
def test_steps_descend_the_clipped_gradient(network, largest):
    twin = copy.deepcopy(network)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.3)
    losses = [
        take_step(network, nn.CrossEntropyLoss(), INPUTS, TARGETS, optimizer=optimizer, clip_norm=largest)
        for _ in range(4)
    ]
    assert not any(loss.requires_grad for loss in losses)
    assert [loss.item() for loss in losses] == pytest.approx(by_hand(twin, 4, rate=0.3, largest=largest), rel=1e-12)
    for mine, theirs in zip(network.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-12, atol=1e-12)


def test_gradients_do_not_add_up_and_stay_until_the_next_step(network):
    optimizer = NoUpdate(network.parameters())
    before = copy.deepcopy(network.state_dict())
    for _ in range(2):
        take_step(network, nn.CrossEntropyLoss(), INPUTS, TARGETS, optimizer=optimizer)
    wanted = torch.autograd.grad(loss_of(network, nn.CrossEntropyLoss(), INPUTS, TARGETS), list(network.parameters()))
    for parameter, gradient in zip(network.parameters(), wanted, strict=True):
        torch.testing.assert_close(parameter.grad, gradient, rtol=0, atol=0)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_the_loss_is_computed_by_the_call_that_is_given(network):
    def doubled(*arguments):
        return 2 * loss_of(*arguments)

    given = (network, nn.CrossEntropyLoss(), INPUTS, TARGETS)
    once, twice = (
        take_step(*given, optimizer=NoUpdate(network.parameters()), call=call) for call in (loss_of, doubled)
    )
    assert twice.item() == pytest.approx(2 * once.item(), rel=1e-12)
