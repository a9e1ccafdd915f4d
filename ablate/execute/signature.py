"""What a network does, in numbers: two design points with equal signatures are one network (STATISTICS.md, g)."""

import hashlib
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from ablate.errors import ModelError
from ablate.execute.target import own_words

TOLERANCE = 1e-4
"""Relative. Two orders of summation differ by less, two functions at random weights by more."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Signature:
    """`shapes`: parameter name → shape. `initial`: digest of the initial parameters and buffers.

    `response`: outputs and gradients at weights that depend on names and shapes alone, in one float64 vector.
    """

    tree: str
    shapes: dict[str, tuple[int, ...]]
    initial: str
    response: np.ndarray

    def equals(self, other: "Signature") -> bool:
        """Whether both start from the same parameters and compute the same function of them, forward and backward."""
        if self.shapes != other.shapes or self.initial != other.initial or self.response.shape != other.response.shape:
            return False
        scale = float(np.abs(self.response).max(initial=0.0)) or 1.0
        return bool(np.allclose(self.response, other.response, rtol=TOLERANCE, atol=TOLERANCE * scale))


def signature(network: nn.Module, probe: Tensor) -> Signature:
    """Signs a network on a probe batch, shape (examples, *inputs). Its parameters are overwritten.

    Raises:
        ModelError: the network does not take the probe batch.
    """
    initial = hashlib.sha256()
    for name, value in sorted(network.state_dict().items()):
        initial.update(name.encode() + value.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes())
    shapes = {name: tuple(p.shape) for name, p in sorted(network.named_parameters())}
    _fill(network)
    try:
        response = _respond(network, probe)
    except Exception as error:
        raise ModelError(
            f"model: {type(network).__name__} does not take inputs of shape {list(probe.shape)}: {own_words(error)}."
        ) from error
    return Signature(tree=str(network), shapes=shapes, initial=initial.hexdigest(), response=response)


@torch.no_grad()
def _fill(network: nn.Module) -> None:
    """Equal weights in equal places: drawn by name and shape, small enough to keep activations in range."""
    for name, parameter in network.named_parameters():
        key = hashlib.sha256(f"{name}{tuple(parameter.shape)}".encode()).digest()
        generator = torch.Generator().manual_seed(int.from_bytes(key[:7], "big"))
        fan = max(parameter[0].numel(), 1) if parameter.ndim > 1 else 4
        parameter.copy_(torch.randn(parameter.shape, generator=generator) / fan**0.5)


def _respond(network: nn.Module, probe: Tensor) -> np.ndarray:
    parts: list[Tensor] = []
    for training in (False, True):
        network.train(training)
        torch.manual_seed(0)  # dropout draws the same masks in every arm
        outputs = [leaf.double() for leaf in tree_leaves(network(probe)) if isinstance(leaf, Tensor)]
        parts += [output.detach().flatten() for output in outputs]
    parameters = [p for p in network.parameters() if p.requires_grad]
    loss = sum(((output + 1) ** 2).mean() for output in outputs)
    if parameters and isinstance(loss, Tensor) and loss.requires_grad:
        gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
        parts += [torch.zeros(1) if g is None else g.double().norm().reshape(1) for g in gradients]
    return torch.nan_to_num(torch.cat([p.cpu().double() for p in parts])).numpy()
