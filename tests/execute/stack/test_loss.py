import pytest
import torch
from torch import nn
from torch.func import vmap

from ablate.execute.stack import loss as room
from ablate.execute.stack.loss import StackedLoss, member_losses
from tests.tolerances import PASS_64

pytestmark = pytest.mark.numeric


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.1}, {"ignore_index": 2}])
def test_cross_entropies_are_those_of_each_member_and_so_are_their_gradients(options, monkeypatch):
    loss = nn.CrossEntropyLoss(**options)
    predicted = torch.randn(3, 7, 5, dtype=torch.float64, requires_grad=True)
    targets = torch.randint(5, (3, 7))
    assert (targets == 2).any()
    alone = torch.stack([loss(p, t) for p, t in zip(predicted, targets, strict=True)])
    monkeypatch.setattr(room, "vmap", None)
    together = member_losses(loss, predicted, targets)
    assert torch.allclose(together, alone, rtol=PASS_64)
    (mine,), (theirs,) = (torch.autograd.grad(values.sum(), predicted) for values in (together, alone))
    assert torch.allclose(mine, theirs, rtol=PASS_64, atol=1e-15)


@pytest.mark.parametrize(
    ("loss", "targets"),
    [
        (nn.CrossEntropyLoss(weight=torch.rand(5)), torch.randint(5, (3, 7))),
        (nn.CrossEntropyLoss(reduction="sum"), torch.randint(5, (3, 7))),
        (nn.CrossEntropyLoss(), torch.rand(3, 7, 5)),
        (nn.MSELoss(), torch.rand(3, 7, 5)),
    ],
)
def test_other_losses_are_called_for_each(loss, targets):
    predicted = torch.randn(3, 7, 5)
    assert torch.equal(member_losses(loss, predicted, targets), vmap(loss)(predicted, targets))


def test_members_with_different_losses_keep_their_places():
    loss, other = nn.CrossEntropyLoss(), nn.CrossEntropyLoss(weight=torch.rand(5))
    predicted, targets = torch.randn(4, 7, 5), torch.randint(5, (4, 7))
    theirs = [other, loss, other, loss]
    found = StackedLoss([loss, other], [[1, 3], [0, 2]])(predicted, targets)
    wanted = torch.stack([each(*given) for each, *given in zip(theirs, predicted, targets, strict=True)])
    torch.testing.assert_close(found, wanted)


def test_what_sorts_the_members_moves_with_the_loss():
    """Else it would be copied to the device at every step."""
    loss = StackedLoss([nn.MSELoss(), nn.L1Loss()], [[0], [1]]).to("meta")
    given = torch.empty(2, 3, 1, device="meta")
    assert loss(given, given).device.type == "meta"
