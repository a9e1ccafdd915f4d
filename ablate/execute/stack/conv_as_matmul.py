"""Convolutions as matrix products. A stack of them is one batched product instead of one grouped convolution.

Libraries for accelerators are tuned for products of many small matrices, not for convolutions of many small groups. The
planner measures which of the two is faster.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn


class MatmulConv2d(nn.Module):
    """A convolution with the same parameters, under the same names, as patches times weights.

    Chellapilla, Puri and Simard (2006), "High performance convolutional neural networks for document processing".
    """

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        self.weight, self.bias = convolution.weight, convolution.bias
        self.window = {
            "kernel_size": convolution.kernel_size,
            "dilation": convolution.dilation,
            "padding": convolution.padding,
            "stride": convolution.stride,
        }

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch out rows columns"]:
        """As `nn.Conv2d.forward`."""
        patches = nn.functional.unfold(x, **self.window)
        y = torch.matmul(self.weight.flatten(1), patches)
        if self.bias is not None:
            y = y + self.bias.unsqueeze(1)
        return y.unflatten(2, self._size(x))

    def _size(self, x: Tensor) -> tuple[int, ...]:
        window = [self.window[name] for name in ("kernel_size", "dilation", "padding", "stride")]
        return tuple(
            math.floor((size + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1
            for size, kernel, dilation, padding, stride in zip(x.shape[2:], *window, strict=True)
        )


def can_be_matmul(part: nn.Module) -> bool:
    """Whether a module is a convolution that MatmulConv2d can replace: without groups, padded with zeros."""
    return (
        type(part) is nn.Conv2d
        and part.groups == 1
        and part.padding_mode == "zeros"
        and not isinstance(part.padding, str)
    )


def replace_convolutions(network: nn.Module) -> nn.Module:
    """Replaces every convolution that MatmulConv2d can replace, in place. A shared convolution stays shared."""
    made: dict[int, MatmulConv2d] = {}
    for part in list(network.modules()):
        for name, child in list(part.named_children()):
            if can_be_matmul(child):
                assert isinstance(child, nn.Conv2d)
                setattr(part, name, made.setdefault(id(child), MatmulConv2d(child)))
    return network
