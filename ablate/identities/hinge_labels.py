"""A hinge loss takes the labels −1 and 1: of a label 0 it learns nothing."""

import torch

from ablate.identities.identity import Identity
from ablate.models import Hinge

EXAMPLES = 1000


def label_zero(*, scale: float = 3.0, seed: int = 0) -> tuple[Identity, ...]:
    """max(0, 1 − 0 × output) is 1 whatever the output, so that only the examples of label 1 have a gradient.

    Nothing rounds: there is no tolerance.

    Args:
        scale: SD of the outputs, which are normal.
        seed: Of the outputs.
    """
    random = torch.Generator().manual_seed(seed)
    outputs = (scale * torch.randn(EXAMPLES, 1, generator=random, dtype=torch.float64)).requires_grad_()
    zeros, ones = torch.zeros_like(outputs), torch.ones_like(outputs)
    loss = Hinge()(outputs, zeros)
    (of_zero,) = torch.autograd.grad(loss, outputs)
    (of_one,) = torch.autograd.grad(Hinge()(outputs, ones), outputs)
    return (
        Identity(statement="hinge loss of outputs with the label 0", found=loss.item(), expected=1.0),
        Identity(
            statement=f"of {EXAMPLES} such outputs, those with a gradient", found=int((of_zero != 0).sum()), expected=0
        ),
        Identity(
            statement="of as many with the label 1, those that are pushed down",
            found=int((of_one > 0).sum()),
            expected=0,
        ),
    )
