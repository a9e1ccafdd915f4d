"""Dropout whose masks a lone network and a stack draw alike, on any device."""

import torch
from torch import Tensor, nn


def dropout_mask(like: Tensor, rate: float, generator: torch.Generator | None = None) -> Tensor:
    """A mask of `like`'s shape, layout, type and device: 0 with probability `rate`, else 1 / (1 − rate).

    On the CPU it equals, bit by bit, what `nn.Dropout` draws. `generator`: of that device; None: torch's own.
    """
    mask = torch.empty_like(like)
    if rate in (0.0, 1.0):  # torch draws nothing for these
        return mask.fill_(1 - rate)
    return mask.bernoulli_(1 - rate, generator=generator).div_(1 - rate)


class MaskDropout(nn.Dropout):
    """As `nn.Dropout`, which on CUDA draws in a kernel of its own, that no mask can be asked of beforehand."""

    def forward(self, input: Tensor) -> Tensor:
        """The input, masked while it trains."""
        if not self.training or self.p == 0.0:
            return input
        mask = dropout_mask(input.detach(), self.p)
        return input.mul_(mask) if self.inplace else input * mask


def replace_dropout(network: nn.Module) -> nn.Module:
    """Turns every `nn.Dropout` of a network, but no subclass of it, into a MaskDropout; returns the network."""
    for part in network.modules():
        if type(part) is nn.Dropout:
            part.__class__ = MaskDropout  # the same object: it may be known by several names, and have hooks
    return network
