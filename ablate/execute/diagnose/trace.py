"""The trace of a forward pass: layers' inputs, activations and shortcuts, recorded by hooks.

Diagnostics are computed from a trace alone, to which outputs, targets and gradients are added where they are known.
The hooks reduce on the device. What they have found comes to the CPU when it is first read, in one transfer.

A *layer* is a module with a weight matrix or kernel of its own. Its input is a hidden activation where
it depends on parameters that train, whichever module computed it.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from ablate.config.diagnostic import EXAMPLES
from ablate.execute.process.torch_private import own_parameters
from ablate.execute.process.transfer import to_host
from ablate.execute.targets.target import error_text
from ablate.models.activation import Sign, SlopeAtZero, Step, StraightThrough
from ablate.models.hidden import Shortcut

SATURATED = 0.01
"""An activation is saturated where the magnitude of its slope is below this."""

SATURATES: dict[type[nn.Module], Callable[[Tensor], Tensor]] = {
    nn.ReLU: lambda y: y <= 0,
    nn.Sigmoid: lambda y: y * (1 - y) < SATURATED,
    nn.Tanh: lambda y: 1 - y**2 < SATURATED,
    Sign: torch.isfinite,
    SlopeAtZero: lambda y: y <= 0,
    Step: torch.isfinite,
}
"""Where an activation is saturated, from its output, where that is enough."""

ELEMENTWISE = (
    *SATURATES, nn.CELU, nn.ELU, nn.GELU, nn.Hardsigmoid, nn.Hardswish, nn.Hardtanh, nn.LeakyReLU, nn.Mish, nn.PReLU,
    nn.SELU, nn.SiLU, nn.Softplus, nn.Softsign, StraightThrough,
)  # fmt: skip
"""Activations with a slope at each unit; softmax has a Jacobian instead."""

SHAPING = (nn.Identity, nn.Flatten, nn.Unflatten)
"""Modules that leave every number what it is."""


@dataclass(frozen=True, kw_only=True)
class Entered:
    """What enters a layer."""

    name: str
    sd: float
    dead: Bool[Tensor, "units"] | None
    """None where an activation module came before, which tells more: a shortcut may hide dead units."""


@dataclass(frozen=True, kw_only=True)
class Activated:
    """What an activation yields. `layers`: how many had been passed before it; `saturated`: a share of places."""

    name: str
    layers: int
    dead: Bool[Tensor, "units"]
    places: int
    zeros: float
    """Share of the places where it is exactly 0."""
    saturated: float | None


class Trace:
    """What the hooks record, in the order of the forward pass. `failure`: why something could not be measured."""

    def __init__(self, examples: int = EXAMPLES) -> None:
        """`examples`: of a batch, how many of the first ones are measured."""
        self._examples = examples
        self.weights: dict[str, list[nn.Parameter]] = {}
        self.layers = 0
        self.last: tuple[nn.Module, Tensor] | None = None
        self.outputs: Tensor | None = None
        """Of the network, where they are known; set after the forward pass, as what follows is."""
        self.targets: Tensor | None = None
        self.gradients: Mapping[str, Sequence[Tensor]] = {}
        """Layer → the loss's gradients by its weights, in the order of the forward pass."""
        self.failure: str | None = None
        self._features: Tensor | None = None
        self._axis = 1
        self._follows_activation = False
        self._entered: list[Entered] = []
        self._activated: list[Activated] = []
        self._ratios: list[tuple[str, float]] = []
        self._norms: dict[str, float] = {}
        self._gram: Tensor | None = None
        self._values: Tensor | None = None
        self._pending: list[tuple[tuple[Tensor, ...], Callable[..., object]]] = []
        """What is on the device, and what is done with it when it is on the CPU."""

    @property
    def entered(self) -> list[Entered]:
        """What has entered the layers."""
        fetch([self])
        return self._entered

    @property
    def activated(self) -> list[Activated]:
        """What activations have yielded."""
        fetch([self])
        return self._activated

    @property
    def hidden(self) -> list[Activated]:
        """The activations that a layer follows: what comes after the last is an output."""
        return [a for a in self.activated if a.layers < self.layers]

    @property
    def ratios(self) -> list[tuple[str, float]]:
        """Shortcut → the norm of its branch over that of what it is added to, the mean over the examples."""
        fetch([self])
        return self._ratios

    @property
    def gradient_norms(self) -> dict[str, float]:
        """Layer → the norm of the loss's gradient by its weights."""
        fetch([self])
        return self._norms

    @property
    def gram(self) -> Tensor | None:
        """The Gram matrix of what has entered the latest layer (`gram_of`); on the CPU, as all that a trace gives."""
        fetch([self])
        return self._gram

    @property
    def target_values(self) -> Tensor | None:
        """The targets of a regression."""
        fetch([self])
        return self._values

    def on_device(self) -> list[tuple[tuple[Tensor, ...], Callable[..., object]]]:
        """What has not come over yet, with what is then to be done with it. It is given once."""
        pending, self._pending = self._pending, []
        if self._features is not None:
            pending.append(((gram_of(self._features),), self._keep_gram))
            self._features = None
        if self._values is None and self.targets is not None and self.targets.is_floating_point():
            pending.append(((self.targets,), self._keep_values))
        if len(self._norms) < len(self.gradients):
            for name, gradients in self.gradients.items():
                norms = tuple(precise(gradient.detach()).norm() for gradient in gradients)
                pending.append((norms, partial(self._keep_norms, name)))
        return pending

    @contextmanager
    def watching(self, network: nn.Module, *, last: bool) -> Iterator[None]:
        """Hooks a network until the end of the block, whatever happens in it; `last`: its last module counts."""
        handles = self.attach(network, last=last)
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def attach(self, network: nn.Module, *, last: bool = False) -> list[RemovableHandle]:
        """Hooks a network; the caller removes the handles."""
        handles: list[RemovableHandle] = []
        for name, module in network.named_modules():
            if isinstance(module, Shortcut):
                handles.append(module.register_forward_pre_hook(self._hook(self._shortcut, name)))
            if _weights(module):
                handles.append(module.register_forward_pre_hook(self._hook(self._layer, name)))
            if isinstance(module, (*ELEMENTWISE, nn.Softmax)):
                handles.append(module.register_forward_hook(self._hook(self._activation, name)))
            if last and not any(True for _ in module.children()):
                handles.append(module.register_forward_hook(self._hook(self._leaf, name)))
        return handles

    def _hook(self, read: Callable[..., None], name: str) -> Callable[..., None]:
        """A hook that never fails the forward pass."""

        def hook(module: nn.Module, *seen: Any) -> None:
            try:
                read(name, module, *seen)
            except Exception as error:  # a user-defined module may take and give anything
                self.failure = self.failure or f"{name or type(module).__name__}: {error_text(error)}"

        return hook

    def _layer(self, name: str, module: nn.Module, arguments: tuple[Any, ...]) -> None:
        self.layers += 1
        self._axis = -1 if isinstance(module, nn.Linear | nn.RNNBase) else 1
        self.weights.setdefault(name, _weights(module))
        x = arguments[0] if arguments else None
        if not (isinstance(x, Tensor) and x.is_floating_point() and x.requires_grad and x.ndim > 1):
            return
        x = self._probed(x)
        self._features = x.flatten(1).clone()  # a later module may write into its input
        dead = () if self._follows_activation else (self._dead(x),)
        self._pending.append(((x.std(), *dead), partial(self._keep_entered, name)))

    def _activation(self, name: str, module: nn.Module, arguments: tuple[Any, ...], output: Any) -> None:
        if not output.requires_grad:
            return
        y = self._probed(output)
        saturated: tuple[Tensor, ...] = ()
        if type(module) in SATURATES:
            saturated = (SATURATES[type(module)](y).count_nonzero(),)
        elif isinstance(module, ELEMENTWISE) and not getattr(module, "inplace", False):
            saturated = ((_slope(module, arguments[0][: self._examples]).abs() < SATURATED).count_nonzero(),)
        keep = partial(self._keep_activated, name=name, layers=self.layers, places=y.numel())
        self._pending.append(((self._dead(y), (y == 0).count_nonzero(), *saturated), keep))
        self._follows_activation = True

    def _shortcut(self, name: str, _module: nn.Module, arguments: tuple[Any, ...]) -> None:
        branch, skip = (self._probed(x).flatten(1).norm(dim=1) for x in arguments)
        self._pending.append((((branch / skip).mean(),), partial(self._keep_ratio, name)))

    def _keep_entered(self, name: str, sd: Tensor, dead: Tensor | None = None) -> None:
        self._entered.append(Entered(name=name, sd=float(sd), dead=dead))

    def _keep_activated(
        self, dead: Tensor, zeros: Tensor, saturated: Tensor | None = None, *, name: str, layers: int, places: int
    ) -> None:
        share = None if saturated is None else int(saturated) / places
        self._activated.append(
            Activated(name=name, layers=layers, dead=dead, places=places, zeros=int(zeros) / places, saturated=share)
        )

    def _keep_ratio(self, name: str, ratio: Tensor) -> None:
        self._ratios.append((name, float(ratio)))

    def _keep_norms(self, name: str, *norms: Tensor) -> None:
        self._norms[name] = math.hypot(*map(float, norms))

    def _keep_values(self, values: Tensor) -> None:
        self._values = values

    def _keep_gram(self, gram: Tensor) -> None:
        self._gram = gram

    def _leaf(self, _name: str, module: nn.Module, _arguments: tuple[Any, ...], output: Any) -> None:
        shaped = isinstance(module, SHAPING) and self.last is not None
        self.last = (self.last[0] if shaped and self.last else module, output)

    def _probed(self, x: Tensor) -> Tensor:
        """Its first examples, in single precision at least."""
        x = x.detach()[: self._examples]
        return x.to(torch.promote_types(x.dtype, torch.float32))

    def _dead(self, x: Tensor) -> Tensor:
        units = self._axis % x.ndim if x.ndim > 2 else 1
        return x.abs().amax([axis for axis in range(x.ndim) if axis != units]) == 0


def fetch(traces: Sequence[Trace]) -> None:
    """Brings what the traces hold on their device to the CPU, in one transfer for all of them."""
    pending = [each for trace in traces for each in trace.on_device()]
    values = iter(to_host([value for values, _ in pending for value in values]))
    for parts, keep in pending:
        keep(*(next(values) for _ in parts))


def gram_of(features: Float[Tensor, "examples units"]) -> Float[Tensor, "n n"]:
    """The products of the examples with one another, or of the units where these are fewer; in double precision."""
    x = precise(features)
    return x @ x.T if x.shape[0] <= x.shape[1] else x.T @ x


def precise(x: Tensor) -> Tensor:
    """In double precision; on the CPU where the device has none."""
    return (x.cpu() if x.device.type == "mps" else x).double()


def fraction(places: Bool[Tensor, "..."]) -> float:
    """Of the places, those that are true."""
    return int(places.count_nonzero()) / places.numel()


def _slope(module: nn.Module, inputs: Tensor) -> Tensor:
    with torch.enable_grad():
        z = inputs.detach().requires_grad_(True)
        return torch.autograd.grad(module.forward(z).sum(), z)[0]


def _weights(module: nn.Module) -> list[nn.Parameter]:
    """A layer's own matrices and kernels."""
    return [p for p in own_parameters(module).values() if p is not None and p.ndim > 1]
