"""A network and the generators of random numbers, restored after a measurement."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from ablate.execute.process.torch_private import own_buffers
from ablate.execute.train.network import generators_restored, seed_torch

KNOWN = ("torch.nn.", "ablate.models.")
"""Where modules come from that keep what they change in attributes and buffers."""

SEED = 0
"""Of torch's generator in the block: the same network measures the same, whatever was drawn before."""


@contextmanager
def restored(network: nn.Module, device: torch.device) -> Iterator[nn.Module]:
    """Gives a network to run: afterwards, the one given and all generators are as they were.

    That is the network itself, its modules' attributes and buffers restored, where all of its modules are torch's
    or ours; else a copy, since a user-defined module may change anything in place: parameters, lists, generators.

    Args:
        network: What is to be run.
        device: On which; its generator is kept beside those of the CPU, NumPy and Python.

    Raises:
        Exception: whatever copying user-defined modules raises.
    """
    with generators_restored(device):
        seed_torch(SEED)
        if all(type(module).__module__.startswith(KNOWN) for module in network.modules()):
            with _state_restored(network):
                yield network
        else:
            yield copy.deepcopy(network)


@contextmanager
def _state_restored(network: nn.Module) -> Iterator[None]:
    attributes = [(module, dict(vars(module)), dict(own_buffers(module))) for module in network.modules()]
    buffers = [(buffer, buffer.detach().clone()) for buffer in network.buffers()]
    try:
        yield
    finally:
        for module, before, held in attributes:
            vars(module).clear()
            vars(module).update(before)
            own_buffers(module).clear()
            own_buffers(module).update(held)
        with torch.no_grad():
            for buffer, content in buffers:
                buffer.copy_(content)
