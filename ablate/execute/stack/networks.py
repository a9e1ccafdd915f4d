"""Networks of one structure as one: parameters and buffers stacked on axis 0, which counts the members.

Shapes: all trained parameters of a member are one row of `numbers` (members, numbers), so that clipping and optimizer
take a few operations for the whole stack; inputs (members, batch, ...) → predictions (members, batch, ...).
"""

import copy
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from ablate.config.group import STACKED
from ablate.execute.stack.conv_as_matmul import replace_convolutions
from ablate.execute.stack.dropout import Masks
from ablate.execute.stack.folded import Folded, can_be_folded
from ablate.execute.stack.unstackable import Unstackable
from ablate.execute.train.network import evaluating

ROUNDING = 1e-11
"""Of the largest prediction, the difference that another order of the operations explains in double precision."""

ROUNDING_32 = 1e-5
"""As ROUNDING, in single precision: a prediction near zero is a difference of larger ones, with their rounding."""


class Stack(nn.Module):
    """Members that are the same function of their parameters and buffers.

    Raises:
        Unstackable: they are not the same function, or not one that can be called with others' parameters.
    """

    def __init__(
        self, networks: Sequence[nn.Module], *, trained: Collection[str], masks: Masks, conv_as_matmul: bool = False
    ) -> None:
        """`trained`: parameters that get a gradient. `conv_as_matmul`: whether convolutions are matrix products."""
        super().__init__()
        _check_alike(networks)
        self._networks = tuple(networks)
        self._released: set[int] = set()
        self._masks = masks
        try:
            skeleton = copy.deepcopy(networks[0])
        except Exception as error:
            raise Unstackable(f"it cannot be copied ({type(error).__name__})") from error
        skeleton = replace_convolutions(skeleton) if conv_as_matmul else skeleton
        self.skeleton = masks.replace(skeleton).requires_grad_(False)
        """What computes all members' predictions, called by `predictions`."""
        first = dict(networks[0].named_parameters())
        self._shapes = {name: first[name].shape for name in first if name in trained}
        if len({first[name].dtype for name in self._shapes}) > 1:
            raise Unstackable("its parameters have more than one type of number")
        self.numbers = nn.Parameter(torch.stack([_row(network, self._shapes) for network in networks]))
        self._held: dict[str, str] = {}
        for name in (*(n for n in first if n not in trained), *(n for n, _ in networks[0].named_buffers())):
            self._held[name] = f"held_{len(self._held)}"
            held = torch.stack([_named(network)[name].detach() for network in networks])
            self.register_buffer(self._held[name], held, persistent=False)

    def __len__(self) -> int:
        return len(self._networks)

    def leaves(self) -> dict[str, Tensor]:
        """The trained parameters by name, shapes (members, ...): leaves of autograd's graph over the same numbers."""
        return self._leaves(self.numbers.detach())

    def forward(self, x: Tensor, leaves: Mapping[str, Tensor]) -> Tensor:
        """The members' predictions; while they train, each draws its dropout and updates its buffers."""
        return predictions(self.skeleton, self.state(leaves), x)

    def state(self, leaves: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """What the members differ in, by name: leaves, buffers, and while they train, a draw of dropout masks."""
        state = {**leaves, **self._held_ones()}
        if self.training:
            state |= {k: v.to(self.numbers.device) for k, v in self._masks.draw(self.numbers.dtype).items()}
        return state

    def state_copies(self) -> tuple[dict[str, Tensor], list[Tensor]]:
        """A state laid out alike that nobody misses, with masks that mask nothing, and its leaves."""
        leaves = self._leaves(self.numbers.detach().clone())
        masks = self._masks.open(self.numbers.dtype, self.numbers.device)
        return {**leaves, **{k: v.clone() for k, v in self._held_ones().items()}, **masks}, list(leaves.values())

    def parts(self, numbers: Tensor) -> list[Tensor]:
        """Views of rows that are laid out as `numbers`: those of each trained parameter, shapes (members, ...)."""
        rows = numbers.split([shape.numel() for shape in self._shapes.values()], dim=1)
        return [row.view(len(numbers), *shape) for row, shape in zip(rows, self._shapes.values(), strict=True)]

    def _leaves(self, numbers: Tensor) -> dict[str, Tensor]:
        return {n: p.requires_grad_() for n, p in zip(self._shapes, self.parts(numbers), strict=True)}

    def _held_ones(self) -> dict[str, Tensor]:
        return {name: cast(Tensor, getattr(self, held)) for name, held in self._held.items()}

    @torch.no_grad()
    def member(self, index: int) -> nn.Module:
        """A member's own network, with its parameters and buffers as they are now."""
        network = self._networks[index]
        if index not in self._released:
            network.to(self.numbers.device)
            parts = self.parts(self.numbers[index : index + 1].clone())
            mine = {name: part[0] for name, part in zip(self._shapes, parts, strict=True)}
            mine |= {name: held[index].clone() for name, held in self._held_ones().items()}
            for name, value in _named(network).items():
                value.data = mine[name]
        return network

    def release(self, index: int) -> None:
        """Keeps a member's own network as it is now, whatever becomes of its rows."""
        self.member(index)
        self._released.add(index)

    @torch.no_grad()
    def fold(self, x: Tensor) -> None:
        """Does without vmap from here on, where that computes the same of x: a minibatch of each member's own examples.

        It is tried in double precision, on numbers that no two members share: the networks' own may be equal, or zero.
        """
        if not can_be_folded(self.skeleton):
            return
        generator = torch.Generator().manual_seed(0)
        state = {
            name: torch.randn(like.shape, generator=generator, dtype=torch.float64) / like.shape[-1] ** 0.5
            for name, like in self.state_copies()[0].items()
        }
        skeleton = copy.deepcopy(self.skeleton).double()
        folded, x = Folded(skeleton), x.double() if x.is_floating_point() else x
        if _agree(skeleton, folded, state, x):
            with evaluating(skeleton), evaluating(folded):
                agree = _agree(skeleton, folded, state, x)
            self.skeleton = Folded(self.skeleton) if agree else self.skeleton

    @torch.no_grad()
    def check(self, x: Tensor) -> None:
        """Holds each member's own network against the stack's call of it; x: a few examples, shape (batch, ...).

        Raises:
            Unstackable: they predict something else of the same examples.
        """
        with evaluating(self.skeleton):
            for network in self._networks:
                with evaluating(network):
                    alone = network(x)
                mine = functional_call(self.skeleton, _named(network), (x,))
                largest = float(alone.nan_to_num().abs().amax())
                if not torch.allclose(mine, alone, rtol=0.0, atol=ROUNDING_32 * largest, equal_nan=True):
                    raise Unstackable("its networks differ in more than their parameters and buffers")


def predictions(skeleton: nn.Module, state: Mapping[str, Tensor], x: Tensor) -> Tensor:
    """Every member's predictions of its own inputs, shape (members, batch, ...), by its own row of the state."""
    if isinstance(skeleton, Folded):
        return skeleton.predictions(state, x)
    return vmap(lambda own, inputs: functional_call(skeleton, own, (inputs,)))(state, x)


def _agree(one: nn.Module, other: nn.Module, state: Mapping[str, Tensor], x: Tensor) -> bool:
    try:
        wanted, found = predictions(one, state, x), predictions(other, state, x)
    except Exception:  # a network of a person's own may do anything with its layers
        return False
    tolerance = ROUNDING * float(wanted.abs().amax())  # of what is not finite: equal to nothing
    return wanted.shape == found.shape and bool(((wanted - found).abs() <= tolerance).all())


def _named(network: nn.Module) -> dict[str, Tensor]:
    return {**dict(network.named_parameters()), **dict(network.named_buffers())}


def _row(network: nn.Module, names: Collection[str]) -> Tensor:
    parameters = dict(network.named_parameters())
    return torch.cat([parameters[name].detach().reshape(-1) for name in names])


def _check_alike(networks: Sequence[nn.Module]) -> None:
    structure, shapes = _structure(networks[0]), _shapes(networks[0])
    for network in networks[1:]:
        if _structure(network) != structure:
            raise Unstackable("its networks differ in their layers or settings")
        if _shapes(network) != shapes:
            raise Unstackable("its networks differ in the shapes of their parameters")


def _shapes(network: nn.Module) -> dict[str, object]:
    return {name: (v.shape, v.dtype, v.requires_grad) for name, v in _named(network).items()}


def _structure(network: nn.Module) -> list[object]:
    """Layers with their settings, but for what members may differ in: how a network starts, and dropout rates."""
    return [
        (name, type(part), part.training, sorted(_settings(part, is_whole=not name)))
        for name, part in network.named_modules()
    ]


def _settings(part: nn.Module, *, is_whole: bool) -> Iterator[tuple[str, str]]:
    for name, value in vars(part).items():
        is_free = (is_whole and name in STACKED["model"]) or (isinstance(part, nn.Dropout) and name == "p")
        if isinstance(value, bool | int | float | str | tuple | None) and not is_free:
            yield name, repr(value)
