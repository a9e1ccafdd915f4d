"""What a measured cost is measured of, and how its file is found."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

import torch
from torch import Tensor, nn

from ablate.plan.cost import NETWORK_COSTS


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A network as its trainer has it: on the device, in the precision."""

    network: nn.Module
    device: torch.device
    forward_context: Callable[[], AbstractContextManager[None]]
    """In which a forward pass is made in the trainer's precision."""


class Measure(Protocol):
    """The function `measure` of a cost's file.

    It leaves the network's modes as they were; its buffers may change, as in training. It may raise whatever the
    network raises: the cost is then None.
    """

    def __call__(self, subject: Subject, inputs: Tensor, /) -> float | None:
        """Measures one network.

        Args:
            subject: the network.
            inputs: one example, shape (1, *inputs), or a minibatch, shape (batch, *inputs), as `CostKind.per` says.
        """
        ...


def measures() -> Mapping[str, Measure]:
    """The functions of the costs that are measured, in the order of `NETWORK_COSTS`."""
    package = __name__.rpartition(".")[0]
    return {
        name: cast(Measure, import_module(f"{package}.{name}").measure)
        for name, kind in NETWORK_COSTS.items()
        if kind.measured
    }
