"""Data that stay on a device: they cross the bus once in a process, however often modules with them come and go.

Lightning moves a module to its device before `fit` and before `test`, and back to the CPU after each.
"""

import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ablate.execute.process.torch_private import Movable, own_buffers


class _Hosts(dict[str, tuple[Tensor, Tensor]]):
    """Buffer → its copy on a device, and what it is on the CPU. A copy of a module has the same."""

    def __deepcopy__(self, _: object) -> "_Hosts":
        return _Hosts(self)


class ResidentBuffers(Movable):
    """A module whose own buffers hold data that nothing writes to.

    Their copies on a device are shared with all such modules of this process, and kept as long as the tensors on the
    CPU that they were copied from. Back on the CPU, the buffers are those tensors again.
    """

    def moved(self, fn: Callable[[Tensor], Tensor], move: Callable[[], Any]) -> None:
        """Moves the own buffers by the cache, and all else by `move`."""
        held = dict(own_buffers(self))
        own_buffers(self).clear()
        try:
            move()
        finally:
            own_buffers(self).update(held)
        for name, buffer in held.items():
            own_buffers(self)[name] = None if buffer is None else self._moved(name, buffer, fn)

    def on_device(self, name: str, host: Tensor, like: Tensor) -> Tensor:
        """A buffer's copy on the device and in the type of `like`, from what it is on the CPU."""
        del name  # for modules that know more of one
        return resident_copy(host, like)

    def _moved(self, name: str, buffer: Tensor, fn: Callable[[Tensor], Tensor]) -> Tensor:
        like = fn(buffer[:0])  # shows where to, and in which type
        if (like.device, like.dtype) == (buffer.device, buffer.dtype):
            return fn(buffer)
        hosts: _Hosts = vars(self).setdefault("hosts", _Hosts())
        copy, host = hosts.pop(name, (buffer, buffer))
        host = host if copy is buffer else buffer  # it has been replaced meanwhile
        if like.dtype != host.dtype or host.device.type != "cpu":
            return fn(buffer)
        if like.device.type == "cpu":
            return host
        copy = self.on_device(name, host, like)
        hosts[name] = copy, host
        return copy


_COPIES: dict[int, dict[tuple[torch.device, torch.dtype], Tensor]] = {}
"""Id of a tensor on the CPU → its copies."""


def resident_copy(source: Tensor, like: Tensor) -> Tensor:
    """The copy of a tensor on the CPU that is on the device of `like`, in its type: made once, as long as it lives."""
    if id(source) not in _COPIES:
        _COPIES[id(source)] = {}
        weakref.finalize(source, _COPIES.pop, id(source), None)
    copies, key = _COPIES[id(source)], (like.device, like.dtype)
    if key not in copies:
        with torch.inference_mode(False):  # a copy made for an evaluation serves the next training
            copies[key] = source.to(like)
    return copies[key]


def forget_copies() -> None:
    """Frees the copies that no module holds."""
    for copies in _COPIES.values():
        copies.clear()
