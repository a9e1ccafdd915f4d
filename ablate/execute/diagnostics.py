"""Why an arm does what it does: cheap numbers about a network on a fixed probe batch (STATISTICS.md, h).

Any nn.Module serves. A *layer* is a module with a weight matrix or kernel; its *input* is a hidden activation, whoever
computed it.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from ablate.models.hidden import Shortcut

SATURATED = 0.01
"""A unit is saturated where the slope of its activation is below this."""

RANGES: dict[type[nn.Module], tuple[float, float]] = {
    nn.ReLU: (0.0, math.inf),
    nn.Sigmoid: (0.0, 1.0),
    nn.Tanh: (-1.0, 1.0),
    nn.Softmax: (0.0, 1.0),
    nn.Softplus: (0.0, math.inf),
}
"""What an output activation can reach; any other reaches every number."""

ELEMENTWISE = (nn.ReLU, nn.LeakyReLU, nn.Tanh, nn.Sigmoid, nn.GELU, nn.ELU, nn.SiLU, nn.Softplus)
"""Activations with a slope of their own at each unit; softmax has a Jacobian instead."""


class Trace:
    """What the hooks see during one forward and backward pass, in the order of the forward pass."""

    def __init__(self) -> None:
        self.inputs: list[Tensor] = []
        self.layers: list[nn.Module] = []
        self.slopes: list[Tensor] = []
        self.ratios: list[Tensor] = []
        self.last: nn.Module | None = None


def measure(
    network: nn.Module, inputs: Tensor, targets: Tensor, loss: Callable[[Tensor, Tensor], Tensor]
) -> dict[str, float]:
    """Measures a network on a probe batch, and leaves parameters, gradients, buffers and mode as they were.

    Args:
        network: Any module that takes `inputs`.
        inputs: The probe batch, shape (examples, *inputs).
        targets: Its targets.
        loss: What is trained on.

    Returns:
        Diagnostic → value; one that says nothing of this network (no shortcut, one layer) is left out.

        `dead_units`: fraction of hidden units that are 0 on every example. `saturated`: fraction of hidden
        pre-activations at which the slope is below .01. `activation_sd`: geometric mean over layers of the SD of their inputs;
        `activation_sd_slope`: change of its logarithm per layer. `gradient_norm`: of all weights; `gradient_slope`:
        change of the logarithm of a layer's gradient norm per layer, towards the output. `effective_rank`: of the last
        hidden activation, exp of the entropy of its singular values (Roy and Vetterli, 2007). `unreachable`: fraction
        of targets outside the output's range. `branch_to_skip`: mean ratio of the norms that a shortcut adds.
    """
    trace = Trace()
    buffers = {name: buffer.clone() for name, buffer in network.named_buffers()}
    with _hooked(network, trace), torch.enable_grad():
        outputs = network(inputs)
        weights = [w for layer in trace.layers if isinstance(w := layer.weight, Tensor) and w.requires_grad]
        gradients = torch.autograd.grad(loss(outputs, targets), weights, allow_unused=True) if weights else ()
    with torch.no_grad():
        for name, buffer in network.named_buffers():
            buffer.copy_(buffers[name])
        found = _activations(trace) | _gradients(gradients)
        if targets.is_floating_point():
            low, high = RANGES.get(type(trace.last), (-math.inf, math.inf)) if trace.last is not None else (0.0, 0.0)
            found["unreachable"] = ((targets < low) | (targets > high)).double().mean().item()
    return {name: value for name, value in found.items() if math.isfinite(value)}


def _activations(trace: Trace) -> dict[str, float]:
    found: dict[str, float] = {}
    hidden = [
        x.detach().flatten(1) if x.ndim == 2 else x.detach().transpose(0, 1).flatten(1).T for x in trace.inputs[1:]
    ]
    if hidden:
        dead = torch.cat([(h == 0).all(0) for h in hidden])
        found["dead_units"] = dead.double().mean().item()
        spreads = torch.stack([h.double().std() for h in hidden])
        found["activation_sd"] = spreads.log().mean().exp().item()
        found["activation_sd_slope"] = _slope(spreads.log())
        found["effective_rank"] = _effective_rank(trace.inputs[-1].detach().flatten(1))
    if trace.slopes:
        found["saturated"] = torch.cat(trace.slopes).double().mean().item()
    if trace.ratios:
        found["branch_to_skip"] = torch.stack(trace.ratios).double().mean().item()
    return found


def _gradients(gradients: tuple[Tensor | None, ...]) -> dict[str, float]:
    norms = (
        torch.stack([g.detach().double().norm() for g in gradients if g is not None]) if gradients else torch.zeros(0)
    )
    if not len(norms):
        return {}
    return {"gradient_norm": norms.norm().item(), "gradient_slope": _slope(norms.log())}


def _slope(values: Tensor) -> float:
    """Least-squares slope over positions 0, 1, 2, …; not a number for fewer than two."""
    if len(values) < 2:
        return math.nan
    positions = torch.arange(len(values), dtype=torch.float64, device=values.device)
    centred = positions - positions.mean()
    return float((centred * values.double()).sum() / (centred**2).sum())


def _effective_rank(activations: Tensor) -> float:
    values = torch.linalg.svdvals(activations.double())
    shares = values / values.sum()
    shares = shares[shares > 0]
    return float(torch.exp(-(shares * shares.log()).sum()))


@contextmanager
def _hooked(network: nn.Module, trace: Trace) -> Iterator[None]:
    handles: list[Any] = []

    def layer(module: nn.Module, arguments: tuple[Any, ...]) -> None:
        trace.inputs.append(arguments[0])
        trace.layers.append(module)

    def activation(module: nn.Module, arguments: tuple[Any, ...], _output: Any) -> None:
        z = arguments[0].detach().requires_grad_(True)
        (slope,) = torch.autograd.grad(module.forward(z).sum(), z)
        trace.slopes.append((slope.abs() < SATURATED).flatten())

    def shortcut(_module: nn.Module, arguments: tuple[Any, ...]) -> None:
        branch, skip = (x.detach().flatten(1).norm(dim=1) for x in arguments)
        trace.ratios.append((branch / skip.clamp_min(torch.finfo(skip.dtype).tiny)).mean())

    def leaf(module: nn.Module, _arguments: tuple[Any, ...], _output: Any) -> None:
        trace.last = module

    for module in network.modules():
        if isinstance(module, Shortcut):
            handles.append(module.register_forward_pre_hook(shortcut))
        elif not list(module.children()):
            handles.append(module.register_forward_hook(leaf))
            if isinstance(getattr(module, "weight", None), Tensor) and module.weight.ndim > 1:  # pyright: ignore
                handles.append(module.register_forward_pre_hook(layer))
            elif isinstance(module, ELEMENTWISE):
                handles.append(module.register_forward_hook(activation))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
