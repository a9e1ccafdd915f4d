"""The size of a network: parameters and floating-point operations."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
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
    counter = FlopCounterMode(display=False)
    with evaluating(network), torch.random.fork_rng(devices=[]), every_product(), counter:
        network(probe)
    return counter.get_total_flops()


@contextmanager
def every_product() -> Iterator[None]:
    """Without torch's fused attention, of whose kernels its counter misses those for a CPU and for whole layers."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with sdpa_kernel(SDPBackend.MATH):
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)
