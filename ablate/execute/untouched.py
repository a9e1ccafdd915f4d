"""What a measurement must leave as it was: a network, and the generators of random numbers."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn


@contextmanager
def untouched(network: nn.Module, device: torch.device) -> Iterator[None]:
    """Restores the attributes of every module, the contents of its buffers, and all generators.

    Args:
        network: What the block may run.
        device: On which; its generator is kept beside those of the CPU, NumPy and Python.
    """
    with _network(network), _generators(device):
        yield


@contextmanager
def _network(network: nn.Module) -> Iterator[None]:
    attributes = [(module, dict(vars(module)), dict(module._buffers)) for module in network.modules()]
    buffers = [(buffer, buffer.detach().clone()) for buffer in network.buffers()]
    try:
        yield
    finally:
        for module, before, held in attributes:
            vars(module).clear()
            vars(module).update(before)
            module._buffers.clear()
            module._buffers.update(held)
        with torch.no_grad():
            for buffer, content in buffers:
                buffer.copy_(content)


@contextmanager
def _generators(device: torch.device) -> Iterator[None]:
    ours, numpys = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng([] if device.type == "cpu" else [device], device_type=device.type):
            yield
    finally:
        random.setstate(ours)
        np.random.set_state(numpys)
