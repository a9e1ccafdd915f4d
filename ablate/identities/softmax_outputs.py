"""What softmax does to outputs: with two of them it is a sigmoid, and applied twice it keeps the loss above 0."""

import math

import torch
from torch import nn

from ablate.identities.identity import Identity
from ablate.models import DoubleSoftmax

EXAMPLES = 64
CERTAIN = 1000.0
"""A logit so far above the others, at 0, that softmax gives 1 in double precision."""


def sigmoid_of_difference(*, seed: int = 0, tolerance: float = 1e-12) -> tuple[Identity, ...]:
    """The cross-entropy of two logits is the binary one of their difference, in value and in gradient.

    Args:
        seed: Of the logits, which are normal with a standard deviation of 3.
        tolerance: Of probability, loss and gradient, which are at most about 10.
    """
    random = torch.Generator().manual_seed(seed)
    logits = (3 * torch.randn(EXAMPLES, 2, generator=random, dtype=torch.float64)).requires_grad_()
    target = torch.randint(2, (EXAMPLES,), generator=random)
    difference = (logits[:, 1] - logits[:, 0]).detach().requires_grad_()
    two = nn.CrossEntropyLoss(reduction="none")(logits, target)
    one = nn.BCEWithLogitsLoss(reduction="none")(difference, target.double())
    (by_logit,) = torch.autograd.grad(two.sum(), logits)
    (by_difference,) = torch.autograd.grad(one.sum(), difference)
    probabilities = logits.softmax(1)[:, 1] - difference.sigmoid()
    return (
        Identity(
            statement="softmax of two logits is the sigmoid of their difference",
            found=probabilities.abs().max().item(),
            expected=0.0,
            tolerance=tolerance,
        ),
        Identity(
            statement="cross-entropy of two logits is the binary one of their difference",
            found=(two - one).abs().max().item(),
            expected=0.0,
            tolerance=tolerance,
        ),
        Identity(
            statement="and so is its gradient: by the second logit, and less that by the first",
            found=(by_logit - torch.stack([-by_difference, by_difference], dim=1)).abs().max().item(),
            expected=0.0,
            tolerance=tolerance,
        ),
    )


def double_softmax_floor(*, classes: int = 10, tolerance: float = 1e-12) -> tuple[Identity, ...]:
    """The loss of a softmax before a cross-entropy that takes one itself, where the first gives 1 and zeros.

    ln(e + classes − 1) − 1, with e = exp(1): it cannot be lower, because probabilities differ by 1 at most.

    Args:
        classes: How many, 2 or more.
        tolerance: Of the loss.
    """
    logits = torch.zeros(1, classes, dtype=torch.float64)
    logits[0, 0] = CERTAIN
    return (
        Identity(
            statement=f"loss of a certain and right answer under two softmaxes, {classes} classes",
            found=float(DoubleSoftmax()(logits, torch.tensor([0]))),
            expected=math.log(math.e + classes - 1) - 1,
            tolerance=tolerance,
        ),
    )
