"""Fingerprints of networks: two design points with equal fingerprints are one network."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ablate.errors import ModelError
from ablate.execute.process.torch_private import tree_leaves
from ablate.execute.targets.target import error_text
from ablate.execute.train.network import evaluating, seed_everything

TOLERANCES = {torch.float64: 1e-9, torch.float32: 1e-5}
"""Precision → relative tolerance. Two orders of summation differ by less, two functions at random weights by more."""

GAINS = (1.0, 8.0)
"""Scales of the weights in turn: at the second, activations leave the range where many a non-linearity is a line."""

FIRST, THOROUGH = 1, 32
"""Draws of the weights. One tells most networks apart. At one draw an output may be positive for every example, and a
ReLU after it do nothing: that two networks are the same is said after the second number of draws."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Fingerprint:
    """`shapes`: parameter name → shape. `initial`: digest of the initial parameters and buffers.

    `response`: outputs and gradients at weights that depend on names and shapes alone, a vector for each.
    """

    shapes: dict[str, tuple[int, ...]]
    initial: str
    response: tuple[np.ndarray, ...]
    tolerance: float

    def equals(self, other: "Fingerprint") -> bool:
        """Whether both start from the same parameters and compute the same function of them, forward and backward."""
        if self.shapes != other.shapes or self.initial != other.initial or len(self.response) != len(other.response):
            return False
        tolerance = max(self.tolerance, other.tolerance)
        return all(_close(a, b, tolerance) for a, b in zip(self.response, other.response, strict=True))


def fingerprint(network: nn.Module, probe: Tensor, *, draws: int = FIRST) -> Fingerprint:
    """Takes a network's fingerprint on a probe batch, shape (examples, *inputs).

    The network's parameters and its precision are overwritten.

    Args:
        network: As its configuration builds it.
        probe: The same for all networks that are compared.
        draws: How many times all weights are drawn; only fingerprints of as many draws can be equal.

    Raises:
        ModelError: the network does not take the probe batch.
    """
    initial = hashlib.sha256()
    for name, value in sorted(network.state_dict().items()):
        if isinstance(value, Tensor):
            content = value.detach().cpu().contiguous().flatten().view(torch.uint8)
            initial.update(name.encode() + content.numpy().tobytes())
    shapes = {name: tuple(p.shape) for name, p in sorted(network.named_parameters())}
    precision, response = torch.float64, None
    try:
        response = _response(network, probe, precision, draws)
    except Exception:  # a network that makes tensors in single precision itself
        precision = torch.float32
    try:
        response = response or _response(network, probe, precision, draws)
    except Exception as error:
        raise ModelError(
            f"model: {type(network).__name__} does not take inputs of shape {list(probe.shape)}: {error_text(error)}."
        ) from error
    return Fingerprint(shapes=shapes, initial=initial.hexdigest(), response=response, tolerance=TOLERANCES[precision])


def _close(one: np.ndarray, other: np.ndarray, tolerance: float) -> bool:
    if one.shape != other.shape:
        return False
    both = np.abs(np.concatenate([one.ravel(), other.ravel()]))
    scale = both[np.isfinite(both)].max(initial=0.0)
    return np.allclose(one, other, rtol=tolerance, atol=tolerance * scale, equal_nan=True)


def _response(network: nn.Module, probe: Tensor, precision: torch.dtype, draws: int) -> tuple[np.ndarray, ...]:
    network.to(precision)
    inputs = probe.to(precision) if probe.is_floating_point() else probe
    parts: list[Tensor] = []
    for draw in range(draws):
        _fill(network, draw)
        with evaluating(network), torch.no_grad():
            parts += _outputs(network, inputs)
        parts += _trained(network, inputs, draw)
    if draws >= THOROUGH:
        parts += _at_zero(network, inputs)
    return tuple(part.detach().cpu().double().flatten().numpy() for part in parts)


def _at_zero(network: nn.Module, inputs: Tensor) -> list[Tensor]:
    """Outputs and gradients where every pre-activation is exactly 0: inputs, biases and shifts are."""
    _fill(network, 0)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim < 2:
                parameter.zero_()
    try:
        return list(_trained(network, torch.zeros_like(inputs), 0))
    except Exception:  # a network that takes no zeros
        return []


def _trained(network: nn.Module, inputs: Tensor, draw: int) -> Iterator[Tensor]:
    """Outputs of a training pass, and its gradients. What it leaves in buffers shows in the next evaluation."""
    seed_everything(draw)  # dropout draws the same masks in every arm
    outputs = _outputs(network, inputs)
    yield from outputs
    named = [(name, p) for name, p in sorted(network.named_parameters()) if p.requires_grad]
    loss = sum(((output.double() + 1) ** 2).mean() for output in outputs)
    if named and isinstance(loss, Tensor) and loss.requires_grad:
        gradients = torch.autograd.grad(loss, [p for _, p in named], allow_unused=True)
        for (name, _), gradient in zip(named, gradients, strict=True):
            yield torch.zeros(0) if gradient is None else _summary(name, gradient)


def _summary(name: str, tensor: Tensor) -> Tensor:
    """Length and direction: the norm, and the projection on one fixed direction. Shape (2,)."""
    return torch.stack([tensor.norm(), (tensor * _normal(name, tensor)).sum()])


def _outputs(network: nn.Module, inputs: Tensor) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(network(inputs)) if isinstance(leaf, Tensor)]


@torch.no_grad()
def _fill(network: nn.Module, draw: int) -> None:
    """Equal weights in equal places: drawn by name and shape, at gain 1 small enough to keep activations in range."""
    for name, parameter in network.named_parameters():
        fan = max(parameter[0].numel(), 1) if parameter.ndim > 1 else 4
        parameter.copy_(GAINS[draw % 2] * _normal(name, parameter, draw) / fan**0.5)


def _normal(name: str, like: Tensor, draw: int = 0) -> Tensor:
    """A draw from N(0, 1) that depends on a parameter's name and shape, and the number of the draw, alone."""
    key = hashlib.sha256(f"{draw}{name}{tuple(like.shape)}".encode()).digest()
    generator = torch.Generator().manual_seed(int.from_bytes(key[:4], "big"))
    return torch.randn(like.shape, generator=generator).to(like)
