"""A ReLU net without biases has one output at an input of 0, whatever its weights, and cannot learn another."""

import torch

from ablate.identities.identity import Identity
from ablate.models import MLP


def zero_input(*, width: int = 4, depth: int = 1, seed: int = 0) -> tuple[Identity, ...]:
    """At x = 0 every unit of a ReLU net without biases is 0, and its sigmoid output exactly .5.

    All products are with 0, so that nothing rounds: there is no tolerance.

    Args:
        width: Units of every hidden layer.
        depth: Hidden layers after the first.
        seed: Of the weights.
    """
    net = MLP(inputs=[1], outputs=1, width=width, depth=depth, bias=False, output_activation="sigmoid").double()
    net.initialise(seed)
    output = net(torch.zeros(1, 1, dtype=torch.float64))
    error = (output - 1).square().mean()
    error.backward()
    norms = [p.grad.norm().item() for p in net.parameters() if p.grad is not None]
    return (
        Identity(
            statement="output at x = 0 of a ReLU net without biases, after a sigmoid", found=output.item(), expected=0.5
        ),
        Identity(statement="its squared error where y = 1", found=error.item(), expected=0.25),
        Identity(statement="the gradient of that error, over all weights", found=max(norms), expected=0.0),
    )
