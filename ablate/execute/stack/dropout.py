"""Dropout with masks as arguments: each member of a stack has the masks that it would have when it trains alone."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from ablate.execute.stack.unstackable import Unstackable
from ablate.models.dropout import dropout_mask


class MaskedDropout(nn.Module):
    """Multiplies by a mask, a buffer that `functional_call` replaces."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mask", torch.ones(()), persistent=False)
        self.mask: Tensor

    def forward(self, x: Tensor) -> Tensor:
        """The input, masked while it trains."""
        return x * self.mask if self.training else x


class Masks:
    """The dropout masks of a stack: drawn on its device from one generator per member, in the order of its layers.

    A mask equals, bit by bit, that of `MaskDropout` with torch's global generator of that device at the same seed.
    """

    def __init__(self, networks: Sequence[nn.Module], *, seeds: Sequence[int], layers: Mapping[str, Tensor]) -> None:
        """`networks`, `seeds`: of each member. `layers`: dropout layer → a tensor like its input, (batch, ...)."""
        self._layers = dict(layers)
        self._rates = [[_rate(network, name) for name in layers] for network in networks]
        self._seeds = tuple(seeds)
        self._generators: list[torch.Generator] = []
        self._states: list[Tensor] = []
        """Of the generators, where another process has begun the training."""

    def replace(self, skeleton: nn.Module) -> nn.Module:
        """Replaces every dropout layer with a MaskedDropout."""
        for name in self._layers:
            parent, _, child = name.rpartition(".")
            masked = MaskedDropout().train(skeleton.get_submodule(name).training)
            setattr(skeleton.get_submodule(parent), child, masked)
        return skeleton

    def draw(self, dtype: torch.dtype, device: torch.device) -> dict[str, Tensor]:
        """The masks of one step by buffer name, shapes (members, batch, ...). The device is that of the first call."""
        if not self._layers:
            return {}
        if not self._generators:
            self._generators = [torch.Generator(device).manual_seed(seed) for seed in self._seeds]
            for generator, state in zip(self._generators, self._states, strict=False):
                generator.set_state(state)
        masks: dict[str, list[Tensor]] = {f"{name}.mask": [] for name in self._layers}
        for rates, generator in zip(self._rates, self._generators, strict=True):
            for mask, like, rate in zip(masks.values(), self._layers.values(), rates, strict=True):
                mask.append(dropout_mask(torch.empty_like(like, dtype=dtype, device=device), rate, generator))
        return {name: torch.stack(mask) for name, mask in masks.items()}

    def states(self) -> list[Tensor]:
        """What the members' masks are drawn from; empty: nothing has been drawn."""
        return [generator.get_state() for generator in self._generators] or self._states

    def restore(self, states: list[Tensor]) -> None:
        """Goes on from states, before the first draw."""
        self._states = states

    def ones(self, dtype: torch.dtype, device: torch.device) -> dict[str, Tensor]:
        """Masks of the same shapes with ones; nothing is drawn."""
        count = len(self._rates)
        return {f"{k}.mask": torch.ones(count, *v.shape, dtype=dtype, device=device) for k, v in self._layers.items()}


def _rate(network: nn.Module, name: str) -> float:
    layer = network.get_submodule(name)
    assert isinstance(layer, nn.Dropout)
    return layer.p


class DropoutOrder:
    """Records which dropout layers of a network draw masks, in their order, while it is called."""

    def __init__(self, network: nn.Module) -> None:
        self.layers: dict[str, Tensor] = {}
        """Layer → a tensor like its input."""
        for name, part in network.named_modules():
            if isinstance(part, nn.Dropout) and part.training:
                part.register_forward_pre_hook(self._hook(name))

    def _hook(self, name: str):  # noqa: ANN202 – a hook of torch's
        def record(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            if name in self.layers:
                raise Unstackable(f"its dropout layer {name or 'itself'} draws more than once a step")
            if not name:
                raise Unstackable("it is a dropout layer")
            self.layers[name] = torch.empty_like(inputs[0].detach())

        return record
