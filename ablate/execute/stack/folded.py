"""Stacks of dense and recurrent networks without vmap: the examples of all members are one batch, which layers reshape.

Activations, shortcuts and flattening treat every example alike, and need no change. A linear layer is one batched
product. vmap computes the same product, but its dispatch takes as long as a small product itself.
"""

import copy
from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.func import functional_call

from ablate.execute.process.torch_private import has_forward_hooks
from ablate.execute.stack import recurrent
from ablate.execute.stack.dropout import MaskedDropout


class FoldedLinear(nn.Module):
    """The linear layers of all members, called with weights (members, out, in) and biases (members, out)."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.weight, self.bias = layer.weight, layer.bias

    def forward(self, x: Float[Tensor, "examples *places before"]) -> Float[Tensor, "examples *places after"]:
        """Applies each member's layer to its examples; `examples` = members × batch, member by member."""
        rows = x.reshape(len(self.weight), -1, x.shape[-1])
        weight = self.weight.transpose(1, 2)
        y = torch.bmm(rows, weight) if self.bias is None else torch.baddbmm(self.bias.unsqueeze(1), rows, weight)
        return y.view(*x.shape[:-1], y.shape[-1])

    def extra_repr(self) -> str:
        """As nn.Linear's: it distinguishes networks of different widths."""
        return (
            f"in_features={self.weight.shape[-1]}, out_features={self.weight.shape[-2]}, bias={self.bias is not None}"
        )


class FoldedDropout(MaskedDropout):
    """Multiplies by the masks of all members."""

    def forward(self, x: Tensor) -> Tensor:
        """The input, masked while it trains."""
        return x * self.mask.flatten(0, 1) if self.training else x


class Folded(nn.Module):
    """A network whose parameters and buffers all belong to linear and recurrent layers and dropout masks."""

    def __init__(self, skeleton: nn.Module) -> None:
        super().__init__()
        self.network = copy.deepcopy(skeleton)
        made: dict[int, nn.Module] = {}
        for part in list(self.network.modules()):
            for name, child in list(part.named_children()):
                if wrapped := _folded(child):
                    setattr(part, name, made.setdefault(id(child), wrapped))

    def predictions(self, state: Mapping[str, Tensor], x: Tensor) -> Tensor:
        """As `ablate.execute.stack.networks.predictions`."""
        y = functional_call(self.network, dict(state), (x.flatten(0, 1),))
        return y.unflatten(0, x.shape[:2])


def can_be_folded(skeleton: nn.Module) -> bool:
    """Whether only linear and recurrent layers have tensors. The network may still mix the examples of a batch."""
    layers = [part for part in skeleton.modules() if _has_tensors(part)]
    return bool(layers) and skeleton not in layers and all(map(_can_be_replaced, layers))


def _can_be_replaced(part: nn.Module) -> bool:
    """Whether a layer may become a folded one. One with hooks may not: they would be lost."""
    can_be = type(part) in (nn.Linear, MaskedDropout) or recurrent.can_be_folded(part)
    return can_be and not has_forward_hooks(part)


def _has_tensors(part: nn.Module) -> bool:
    return any(True for held in (part.parameters(recurse=False), part.buffers(recurse=False)) for _ in held)


def _folded(part: nn.Module) -> nn.Module | None:
    if type(part) is nn.Linear:
        return FoldedLinear(part)
    if recurrent.can_be_folded(part):
        return recurrent.folded(part)
    return FoldedDropout().train(part.training) if type(part) is MaskedDropout else None
