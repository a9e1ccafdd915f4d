"""Networks of one structure as one: parameters and buffers stacked along axis 0, the axis of members.

Shapes: all trained parameters of a member are one row of `numbers` (members, numbers), so that clipping and optimizer
take few operations for the whole stack. Inputs (members, batch, ...) → predictions (members, batch, ...).
"""

import copy
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from ablate.config.group import STACKED
from ablate.execute.process.torch_private import Movable
from ablate.execute.stack.conv_as_matmul import replace_convolutions
from ablate.execute.stack.dropout import Masks
from ablate.execute.stack.folded import Folded, can_be_folded
from ablate.execute.stack.unstackable import Unstackable
from ablate.execute.train.network import evaluating

FOLD_TOLERANCE = 1e-11
"""Rounding error of a different order of operations in double precision, relative to the largest prediction."""

CHECK_TOLERANCE = 1e-5
"""The same in single precision. A prediction near zero is a difference of larger numbers, with their rounding."""


ALIGNMENT_BYTES = 16
"""At whose multiples the rows of a stack and the parameters in them begin on an accelerator; 0: one follows the other.

Libraries of matrix products and fused kernels read 16 bytes at a time where memory is laid out so. Whether that makes
steps faster has not been measured on a GPU."""


class Stack(Movable):
    """Networks that are the same function of their parameters and buffers.

    Raises:
        Unstackable: they differ in more than that.
    """

    def __init__(
        self, networks: Sequence[nn.Module], *, trained: Collection[str], masks: Masks, conv_as_matmul: bool = False
    ) -> None:
        """`trained`: parameters that get a gradient. `conv_as_matmul`: whether convolutions are matrix products."""
        super().__init__()
        _check_alike(networks)
        self._networks = tuple(networks)
        self._frozen: set[int] = set()
        self._masks = masks
        try:
            skeleton = copy.deepcopy(networks[0])
        except Exception as error:
            raise Unstackable(f"it cannot be copied ({type(error).__name__})") from error
        skeleton = replace_convolutions(skeleton) if conv_as_matmul else skeleton
        self.skeleton = masks.replace(skeleton).requires_grad_(False)
        """Computes the predictions of all members; called by `predictions`."""
        first = dict(networks[0].named_parameters())
        self._gaps: tuple[int, ...] = ()
        """Numbers between a parameter and the next one in a row of `numbers`, which are 0; empty: there are none."""
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
        """The trained parameters by name, shapes (members, ...): views of `numbers` that require a gradient."""
        return self._leaves(self.numbers.detach())

    def forward(self, x: Tensor, leaves: Mapping[str, Tensor]) -> Tensor:
        """The members' predictions. In training, dropout masks are drawn and buffers updated."""
        return predictions(self.skeleton, self.state(leaves), x)

    def state(self, leaves: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Parameters and buffers of all members by name; in training, with newly drawn dropout masks."""
        state = {**leaves, **self._held_tensors()}
        if self.training:
            state |= self._masks.draw(self.numbers.dtype, self.numbers.device)
        return state

    def state_copies(self) -> tuple[dict[str, Tensor], list[Tensor]]:
        """A copy of the state with dropout masks of ones, and the leaves in it."""
        leaves = self._leaves(self.numbers.detach().clone())
        masks = self._masks.ones(self.numbers.dtype, self.numbers.device)
        return {**leaves, **{k: v.clone() for k, v in self._held_tensors().items()}, **masks}, list(leaves.values())

    def parts(self, numbers: Tensor) -> list[Tensor]:
        """Views of a tensor like `numbers`: one for each trained parameter, shapes (members, ...)."""
        sizes = [shape.numel() for shape in self._shapes.values()]
        if self._gaps:
            rows = numbers.split([n for pair in zip(sizes, self._gaps, strict=True) for n in pair], dim=1)[::2]
        else:
            rows = numbers.split(sizes, dim=1)
        return [row.view(len(numbers), *shape) for row, shape in zip(rows, self._shapes.values(), strict=True)]

    def moved(self, fn: Callable[[Tensor], Tensor], move: Callable[[], Any]) -> None:
        """As torch moves a module; the rows are aligned where they are on an accelerator. To precede the optimizer."""
        move()
        if self.numbers.device.type != "cpu":
            self.align_rows()

    @torch.no_grad()
    def align_rows(self) -> None:
        """Lays out the rows so that every parameter begins at a multiple of `ALIGNMENT_BYTES`."""
        unit = ALIGNMENT_BYTES // self.numbers.element_size()
        gaps = tuple(-shape.numel() % unit for shape in self._shapes.values()) if unit else ()
        if self._gaps or not any(gaps):
            return
        parts = self.parts(self.numbers.detach())
        width = self.numbers.shape[1] + sum(gaps)
        self.numbers = nn.Parameter(self.numbers.new_zeros(len(self), width))
        self._gaps = gaps
        for place, part in zip(self.parts(self.numbers), parts, strict=True):
            place.copy_(part)

    def _leaves(self, numbers: Tensor) -> dict[str, Tensor]:
        return {n: p.requires_grad_() for n, p in zip(self._shapes, self.parts(numbers), strict=True)}

    def _held_tensors(self) -> dict[str, Tensor]:
        return {name: cast(Tensor, getattr(self, held)) for name, held in self._held.items()}

    @torch.no_grad()
    def member(self, index: int) -> nn.Module:
        """A member's network with its current parameters and buffers."""
        network = self._networks[index].to(self.numbers.device)
        if index not in self._frozen:
            parts = self.parts(self.numbers[index : index + 1].clone())
            current = {name: part[0] for name, part in zip(self._shapes, parts, strict=True)}
            current |= {name: held[index].clone() for name, held in self._held_tensors().items()}
            for name, value in _named(network).items():
                value.data = current[name]
        return network

    def freeze(self, index: int) -> None:
        """Keeps a member's network as it is now, while its row goes on to be updated."""
        self.member(index)
        self._frozen.add(index)

    def kept_state(self) -> dict[str, Any]:
        """All that changes while it trains, and members that have ended as they were, as plain tensors."""
        return {
            "numbers": [part.clone() for part in self.parts(self.numbers.detach())],
            "held": {name: held.clone() for name, held in self._held_tensors().items()},
            "masks": self._masks.states(),
            "ended": {index: _named_values(self._networks[index]) for index in sorted(self._frozen)},
        }

    @torch.no_grad()
    def restore(self, state: Mapping[str, Any]) -> None:
        """Goes on from a state of the same networks, before it is on its device."""
        self.numbers.data = self.numbers.data.to(state["numbers"][0].dtype)
        for part, value in zip(self.parts(self.numbers), state["numbers"], strict=True):
            part.copy_(value)
        for name, held in self._held_tensors().items():
            held.data = state["held"][name]
        self._masks.restore(state["masks"])
        for index, values in state["ended"].items():
            for name, value in _named(self._networks[index]).items():
                value.data = values[name]
            self._frozen.add(index)

    @torch.no_grad()
    def fold(self, x: Tensor) -> None:
        """Replaces vmap by folding (`Folded`), if that computes the networks' predictions of x, (members, batch, ...).

        Both are compared in double precision with random parameters: those of the networks may be equal, or zero.
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
        """Compares each member's network with the stack's on a few examples x, shape (batch, ...).

        Raises:
            Unstackable: their predictions differ.
        """
        with evaluating(self.skeleton):
            for network in self._networks:
                with evaluating(network):
                    alone = network(x)
                stacked = functional_call(self.skeleton, _named(network), (x,))
                largest = float(alone.nan_to_num().abs().amax())
                if not torch.allclose(stacked, alone, rtol=0.0, atol=CHECK_TOLERANCE * largest, equal_nan=True):
                    raise Unstackable("its networks differ in more than their parameters and buffers")


def predictions(skeleton: nn.Module, state: Mapping[str, Tensor], x: Tensor) -> Tensor:
    """The predictions of all members, shape (members, batch, ...), from their inputs and their rows of the state."""
    if isinstance(skeleton, Folded):
        return skeleton.predictions(state, x)
    return vmap(lambda row, inputs: functional_call(skeleton, row, (inputs,)))(state, x)


def _agree(one: nn.Module, other: nn.Module, state: Mapping[str, Tensor], x: Tensor) -> bool:
    try:
        # One by one: vmap has no rule for recurrent layers.
        rows = [{name: values[member] for name, values in state.items()} for member in range(len(x))]
        wanted = torch.stack([functional_call(one, row, (own,)) for row, own in zip(rows, x, strict=True)])
        found = predictions(other, state, x)
    except Exception:  # a user-defined network may do anything with its layers
        return False
    tolerance = FOLD_TOLERANCE * float(wanted.abs().amax())  # not finite: never equal
    return wanted.shape == found.shape and bool(((wanted - found).abs() <= tolerance).all())


def _named_values(network: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in _named(network).items()}


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
    """Layers with their settings, except initialisation and dropout rates, in which members may differ."""
    return [
        (name, type(part), part.training, sorted(_settings(part, is_whole=not name)))
        for name, part in network.named_modules()
    ]


def _settings(part: nn.Module, *, is_whole: bool) -> Iterator[tuple[str, str]]:
    for name, value in vars(part).items():
        is_free = (is_whole and name in STACKED["model"]) or (isinstance(part, nn.Dropout) and name == "p")
        if isinstance(value, bool | int | float | str | tuple | None) and not is_free:
            yield name, repr(value)
