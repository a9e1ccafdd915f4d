"""The recurrent layers of all members of a stack: one batched product for all inputs, and one for each step.

torch has no batching rule for them. Its own loop over the steps is in C++, this one in Python: it pays for several
members, whose steps are then taken at once.
"""

from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

GATES = {nn.GRU: 3, nn.LSTM: 4}
"""Layers that can be folded → gates."""


def can_be_folded(part: nn.Module) -> bool:
    """Whether it is a recurrent layer that is one loop over its steps: no further layer, no way back, no projection."""
    return (
        type(part) in GATES
        and isinstance(part, nn.RNNBase)
        and (part.num_layers, part.bidirectional, part.proj_size) == (1, False, 0)
    )


class FoldedRecurrent(nn.Module):
    """The layers of all members, whose `examples` = members × batch are one batch, member by member.

    Called with weights (members, gates × units, inputs or units) and biases (members, gates × units), by torch's names.
    It begins at zero: a call with an initial state, or of another rank, raises NotImplementedError.
    """

    def __init__(self, layer: nn.RNNBase) -> None:
        super().__init__()
        self.weight_ih_l0, self.weight_hh_l0 = cast(Tensor, layer.weight_ih_l0), cast(Tensor, layer.weight_hh_l0)
        self.has_bias, self.batch_first = layer.bias, layer.batch_first
        if layer.bias:
            self.bias_ih_l0, self.bias_hh_l0 = layer.bias_ih_l0, layer.bias_hh_l0

    def forward(self, input: Float[Tensor, "one other inputs"], hx: object = None) -> tuple[Tensor, object]:
        """As torch's layer: the states of all steps, and the last."""
        if hx is not None or input.ndim != 3:
            raise NotImplementedError
        x = input if self.batch_first else input.transpose(0, 1)
        members, (examples, steps) = len(self.weight_ih_l0), x.shape[:2]
        driven = self._product(x.reshape(members, -1, x.shape[2]), "ih").view(members, examples // members, steps, -1)
        states, last = self._states(driven)
        output = torch.stack(states, dim=2).flatten(0, 1)
        return output if self.batch_first else output.transpose(0, 1), last

    def _product(self, x: Tensor, of: str) -> Tensor:
        weight = getattr(self, f"weight_{of}_l0").transpose(1, 2)
        return torch.baddbmm(getattr(self, f"bias_{of}_l0").unsqueeze(1), x, weight) if self.has_bias else x @ weight

    def _states(self, driven: Float[Tensor, "members batch steps gates"]) -> tuple[list[Tensor], object]:
        raise NotImplementedError

    def extra_repr(self) -> str:
        """Its sizes: it distinguishes networks of different widths."""
        return f"{self.weight_ih_l0.shape[-1]}, {self.weight_hh_l0.shape[-1]}, bias={self.has_bias}"


class FoldedGRU(FoldedRecurrent):
    """`nn.GRU`: h' = (1 − z) n + z h, with n = tanh(x + r (W h + b))."""

    def _states(self, driven: Float[Tensor, "members batch steps gates"]) -> tuple[list[Tensor], object]:
        units = driven.shape[3] // GATES[nn.GRU]
        h = driven.new_zeros(*driven.shape[:2], units)
        states: list[Tensor] = []
        for x in driven.unbind(2):
            y = self._product(h, "hh")
            r, z = torch.sigmoid(x[..., : 2 * units] + y[..., : 2 * units]).chunk(2, dim=-1)
            n = torch.tanh(x[..., 2 * units :] + r * y[..., 2 * units :])
            h = n + z * (h - n)
            states.append(h)
        return states, h.flatten(0, 1).unsqueeze(0)


class FoldedLSTM(FoldedRecurrent):
    """`nn.LSTM`: c' = f c + i g, h' = o tanh(c')."""

    def _states(self, driven: Float[Tensor, "members batch steps gates"]) -> tuple[list[Tensor], object]:
        units = driven.shape[3] // GATES[nn.LSTM]
        h = c = driven.new_zeros(*driven.shape[:2], units)
        states: list[Tensor] = []
        for x in driven.unbind(2):
            i, f, g, o = (x + self._product(h, "hh")).chunk(4, dim=-1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
            states.append(h)
        return states, tuple(state.flatten(0, 1).unsqueeze(0) for state in (h, c))


def folded(layer: nn.Module) -> FoldedRecurrent:
    """The layer of all members, from one that `can_be_folded`."""
    assert isinstance(layer, nn.RNNBase)
    return FoldedGRU(layer) if isinstance(layer, nn.GRU) else FoldedLSTM(layer)
