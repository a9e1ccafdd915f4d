import pytest
import torch
from torch import nn
from torch.func import vmap

from ablate.execute.stack import loss as room
from ablate.execute.stack.loss import member_losses
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
