"""The size of a network: parameters and floating-point operations."""

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from ablate.execute.train.network import evaluating


def parameters(network: nn.Module) -> int:
    """The number of trainable parameters."""
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


@torch.no_grad()
def flops(network: nn.Module, probe: Tensor | None) -> int | None:
    """Floating-point operations of one example's forward pass, by torch's counter: matrix products and convolutions.

    None without an example. The modes of all submodules and torch's generators stay as they were.
    """
    if probe is None:
        return None
    with evaluating(network), torch.random.fork_rng(devices=[]), FlopCounterMode(display=False) as counter:
        network(probe)
    return counter.get_total_flops()
