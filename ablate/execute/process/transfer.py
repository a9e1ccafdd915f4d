"""Brings many small tensors from a device in one transfer: each transfer waits for all that is queued on the device."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor


def to_host(tensors: Sequence[Tensor]) -> list[Tensor]:
    """The tensors on the CPU, with their shapes and types, bit by bit. Those of one device come over together."""
    found = [tensor.detach() for tensor in tensors]
    for device in {tensor.device for tensor in found} - {torch.device("cpu")}:
        places = [place for place, tensor in enumerate(found) if tensor.device == device]
        there = [found[place] for place in places]
        for place, tensor in zip(places, unpacked(packed(there).cpu(), there), strict=True):
            found[place] = tensor
    return found


def floats(values: Sequence[Any]) -> list[float]:
    """Each value, a tensor of one number or a number, as a Python float."""
    moved = iter(to_host([value for value in values if isinstance(value, Tensor)]))
    return [float(next(moved) if isinstance(value, Tensor) else value) for value in values]


def packed(tensors: Sequence[Tensor]) -> Tensor:
    """Their bytes, shape (bytes,), one after the other."""
    return torch.cat([tensor.contiguous().reshape(-1).view(torch.uint8) for tensor in tensors])


def unpacked(data: Tensor, like: Sequence[Tensor]) -> list[Tensor]:
    """Tensors of their shapes and types from their bytes."""
    parts = data.split([tensor.numel() * tensor.element_size() for tensor in like])
    return [part.clone().view(one.dtype).view(one.shape) for part, one in zip(parts, like, strict=True)]
