import pytest
import torch
from torch import nn

from ablate.execute.stack import networks as networks_of_stacks
from ablate.execute.stack.dropout import Masks
from ablate.execute.stack.loss import StackedLoss
from ablate.execute.stack.networks import ALIGNMENT_BYTES, Stack
from ablate.execute.stack.optimizer import stacked
from ablate.execute.stack.step import GradientRows, take_step
from ablate.execute.stack.unstackable import Unstackable
from ablate.execute.train import step as lone
from ablate.execute.train.step import NoUpdate

pytestmark = pytest.mark.numeric

MEMBERS, BATCH, STEPS = 3, 6, 4
LARGEST = torch.tensor([0.05, float("inf"), 1e9], dtype=torch.float64)
LOSSES = (nn.CrossEntropyLoss(), nn.CrossEntropyLoss(label_smoothing=0.2))
LOSS = StackedLoss(LOSSES, [[0, 2], [1]])


def networks():
    torch.manual_seed(0)
    return [nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 4)).double() for _ in range(MEMBERS)]


def batch():
    generator = torch.Generator().manual_seed(1)
    inputs = torch.randn(MEMBERS, BATCH, 3, generator=generator, dtype=torch.float64)
    return inputs, torch.randint(4, (MEMBERS, BATCH), generator=generator)


def a_stack():
    made = networks()
    names = [name for name, _ in made[0].named_parameters()]
    return Stack(made, trained=names, masks=Masks(made, seeds=[0] * MEMBERS, layers={}))


@pytest.mark.parametrize("is_aligned", [False, True])
@pytest.mark.parametrize("kind", [torch.optim.SGD, torch.optim.Adam])
def test_a_step_of_a_stack_is_each_members_own(kind, is_aligned):
    stack, (inputs, targets) = a_stack(), batch()
    if is_aligned:
        stack.align_rows()
    optimizer = stacked(kind, [{"lr": 0.1 * (1 + member)} for member in range(MEMBERS)], stack.numbers)
    gradients, leaves = GradientRows(stack), stack.leaves()
    losses = [
        take_step(
            stack.skeleton, LOSS, stack.state(leaves), inputs, targets,
            leaves=list(leaves.values()), gradients=gradients, optimizer=optimizer, clip_norms=LARGEST,
        )
        for _ in range(STEPS)
    ]  # fmt: skip
    assert not losses[0].requires_grad
    for member, network in enumerate(networks()):
        loss = LOSSES[1] if member == 1 else LOSSES[0]
        own, norm = kind(network.parameters(), lr=0.1 * (1 + member)), float(LARGEST[member])
        given = (network, loss, inputs[member], targets[member])
        alone = [lone.take_step(*given, optimizer=own, clip_norm=norm) for _ in range(STEPS)]
        torch.testing.assert_close(torch.stack(losses)[:, member], torch.stack(alone), rtol=1e-12, atol=1e-12)
        for mine, theirs in zip(stack.member(member).parameters(), network.parameters(), strict=True):
            torch.testing.assert_close(mine, theirs, rtol=1e-9, atol=1e-9)


def test_gradients_are_kept_unclipped_in_the_same_memory():
    stack, (inputs, targets) = a_stack(), batch()
    optimizer = stacked(NoUpdate, [{} for _ in range(MEMBERS)], stack.numbers)
    before, gradients, leaves = stack.numbers.detach().clone(), GradientRows(stack), stack.leaves()
    given = (stack.skeleton, LOSS, stack.state(leaves), inputs, targets)
    places = []
    for norms in (None, LARGEST):
        take_step(*given, leaves=list(leaves.values()), gradients=gradients, optimizer=optimizer, clip_norms=norms)
        places.append(gradients.rows.data_ptr())
    assert places[0] == places[1]
    assert torch.equal(stack.numbers, before)
    for member, network in enumerate(networks()):
        loss = LOSSES[1] if member == 1 else LOSSES[0]
        wanted = torch.autograd.grad(loss(network(inputs[member]), targets[member]), list(network.parameters()))
        torch.testing.assert_close(
            gradients.rows[member], torch.cat([g.flatten() for g in wanted]), rtol=1e-12, atol=1e-12
        )


def test_a_parameter_without_a_gradient_cannot_be_stacked():
    rows = GradientRows(a_stack())
    with pytest.raises(Unstackable, match="get a gradient at some steps only"):
        rows.fill([None, torch.zeros(MEMBERS, 5)])


def test_rows_are_aligned_where_a_stack_is_on_an_accelerator():
    """`meta` stands for it. On the CPU they are as they were."""
    stack = a_stack()
    assert stack.numbers.shape == (MEMBERS, 3 * 5 + 5 + 5 * 4 + 4)
    assert a_stack().to("cpu").numbers.shape == stack.numbers.shape
    assert a_stack().to("meta").numbers.shape == (MEMBERS, 16 + 6 + 20 + 4)  # two numbers of 8 bytes are 16


def test_aligned_parameters_begin_at_multiples_of_16_bytes_and_hold_the_same_numbers():
    stack, aligned = a_stack(), a_stack()
    aligned.align_rows()
    for mine, before in zip(aligned.leaves().values(), stack.leaves().values(), strict=True):
        assert torch.equal(mine, before)
        assert all(row.data_ptr() % ALIGNMENT_BYTES == 0 for row in mine)
    places = [part.data_ptr() for part in aligned.parts(aligned.numbers)]
    once = aligned.numbers
    aligned.align_rows()
    assert aligned.numbers is once
    assert [part.data_ptr() for part in aligned.parts(aligned.numbers)] == places


@pytest.mark.parametrize("kind", [torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW])
def test_what_lies_between_aligned_parameters_stays_zero(kind):
    stack, (inputs, targets) = a_stack(), batch()
    stack.align_rows()
    optimizer = stacked(kind, [{"lr": 0.1, "weight_decay": 0.1}] * MEMBERS, stack.numbers)
    gradients, leaves = GradientRows(stack), stack.leaves()
    for _ in range(STEPS):
        take_step(stack.skeleton, LOSS, stack.state(leaves), inputs, targets,
                  leaves=list(leaves.values()), gradients=gradients, optimizer=optimizer)  # fmt: skip
    for rows in (stack.numbers.detach(), gradients.rows):
        parts = torch.ones_like(rows)
        for part in stack.parts(parts):
            part.zero_()
        assert parts.sum() == MEMBERS * 2  # of the first weights and the first biases, one each
        assert not (rows * parts).any()


def test_the_alignment_can_be_switched_off(monkeypatch):
    monkeypatch.setattr(networks_of_stacks, "ALIGNMENT_BYTES", 0)
    assert a_stack().to("meta").numbers.shape == (MEMBERS, 44)
