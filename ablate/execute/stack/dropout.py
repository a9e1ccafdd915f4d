"""Dropout whose masks come from outside, so that each member of a stack draws its own, as if it trained alone."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from ablate.execute.stack.unstackable import Unstackable


class MaskedDropout(nn.Module):
    """Multiplies by a mask that `functional_call` puts in the place of a buffer."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mask", torch.ones(()), persistent=False)
        self.mask: Tensor

    def forward(self, x: Tensor) -> Tensor:
        """The input, masked while it trains."""
        return x * self.mask if self.training else x


class Masks:
    """The dropout masks of a stack: each member's from a generator of its own, in the order in which its layers draw.

    On the CPU a mask is, bit by bit, the one that `nn.Dropout` draws from torch's global generator at the same seed.
    """

    def __init__(self, networks: Sequence[nn.Module], *, seeds: Sequence[int], drawn: Mapping[str, Tensor]) -> None:
        """Args are one per member, but for `drawn`: layer → a tensor laid out as its input, shape (batch, ...)."""
        self._drawn = dict(drawn)
        self._rates = [[_rate(network, name) for name in drawn] for network in networks]
        self._generators = [torch.Generator().manual_seed(seed) for seed in seeds]

    def replace(self, skeleton: nn.Module) -> nn.Module:
        """Puts a MaskedDropout in the place of every layer that draws."""
        for name in self._drawn:
            parent, _, child = name.rpartition(".")
            masked = MaskedDropout().train(skeleton.get_submodule(name).training)
            setattr(skeleton.get_submodule(parent), child, masked)
        return skeleton

    def draw(self, dtype: torch.dtype) -> dict[str, Tensor]:
        """The masks of one step by buffer name, shapes (members, batch, ...)."""
        if not self._drawn:
            return {}
        masks: dict[str, list[Tensor]] = {f"{name}.mask": [] for name in self._drawn}
        for rates, generator in zip(self._rates, self._generators, strict=True):
            for mask, like, rate in zip(masks.values(), self._drawn.values(), rates, strict=True):
                mask.append(_mask(torch.empty_like(like, dtype=dtype), rate, generator))
        return {name: torch.stack(mask) for name, mask in masks.items()}

    def open(self, dtype: torch.dtype, device: torch.device) -> dict[str, Tensor]:
        """Masks of the same shapes that mask nothing: none is drawn."""
        count = len(self._rates)
        return {f"{k}.mask": torch.ones(count, *v.shape, dtype=dtype, device=device) for k, v in self._drawn.items()}


def _mask(empty: Tensor, rate: float, generator: torch.Generator) -> Tensor:
    if rate in (0.0, 1.0):  # torch draws nothing then
        return empty.fill_(1 - rate)
    return empty.bernoulli_(1 - rate, generator=generator).div_(1 - rate)


def _rate(network: nn.Module, name: str) -> float:
    layer = network.get_submodule(name)
    assert isinstance(layer, nn.Dropout)
    return layer.p


class Draws:
    """Notes which dropout layers of a network draw, in their order, while it is called."""

    def __init__(self, network: nn.Module) -> None:
        self.drawn: dict[str, Tensor] = {}
        for name, part in network.named_modules():
            if isinstance(part, nn.Dropout) and part.training:
                part.register_forward_pre_hook(self._note(name))

    def _note(self, name: str):  # noqa: ANN202 – a hook of torch's
        def note(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            if name in self.drawn:
                raise Unstackable(f"its dropout layer {name or 'itself'} draws more than once a step")
            if not name:
                raise Unstackable("it is a dropout layer")
            self.drawn[name] = torch.empty_like(inputs[0].detach())

        return note
