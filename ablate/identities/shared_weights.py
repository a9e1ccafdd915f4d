"""A module that is used several times: its gradient is the sum of the gradients of its uses.

Source: Rumelhart, Hinton & Williams (1986, Nature 323), which shares the weights of a net unfolded in time this way.
"""

import torch
from torch import Tensor, nn

from ablate.identities.identity import Identity
from ablate.models import MLP

INPUTS, OUTPUTS, EXAMPLES = 5, 3, 16


def tied_gradient(*, uses: int = 3, width: int = 8, seed: int = 0, tolerance: float = 1e-12) -> tuple[Identity, ...]:
    """Compares an MLP whose hidden layers are one module with one whose hidden layers are equal copies of it.

    Args:
        uses: Hidden layers, 2 or more.
        width: Units of each.
        seed: Of weights and examples.
        tolerance: Of the gradients, relative to the largest entry of the tied one.
    """
    tied, untied = (
        MLP(
            inputs=(INPUTS,), outputs=OUTPUTS, width=width, depth=uses, hidden_activation="tanh", shared_weights=shared
        ).double()
        for shared in (True, False)
    )
    tied.initialise(seed)
    state = {name: tensor for name, tensor in tied.state_dict().items() if ".layers." not in name}
    shared_state = tied.hidden.layers[0].state_dict()
    state |= {f"hidden.layers.{k}.{name}": tensor for k in range(uses) for name, tensor in shared_state.items()}
    untied.load_state_dict(state)
    random = torch.Generator().manual_seed(seed)
    x = torch.randn(EXAMPLES, INPUTS, generator=random, dtype=torch.float64)
    target = torch.randint(OUTPUTS, (EXAMPLES,), generator=random)
    (shared,) = _gradients(tied, x, target)
    each = torch.stack(_gradients(untied, x, target))
    scale = shared.abs().max()
    return (
        Identity(
            statement=f"the gradient of a module used {uses} times is the sum of its uses' gradients (relative)",
            found=float((shared - each.sum(0)).abs().max() / scale),
            expected=0.0,
            tolerance=tolerance,
        ),
        Identity(
            statement=f"parameters of {uses} hidden layers of {width} units that are one module",
            found=sum(p.numel() for p in tied.hidden.parameters()),
            expected=width * width + width,
        ),
    )


def _gradients(net: MLP, x: Tensor, target: Tensor) -> list[Tensor]:
    """The gradient of the cross-entropy by each hidden layer's weights and biases, one flat tensor a layer."""
    net.zero_grad()
    nn.functional.cross_entropy(net(x), target).backward()
    return [torch.cat([_flat(p) for p in layer.parameters()]) for layer in net.hidden.layers]


def _flat(parameter: Tensor) -> Tensor:
    assert parameter.grad is not None
    return parameter.grad.flatten()
