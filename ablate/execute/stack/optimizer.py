"""One optimizer for a stack, with the same updates as one optimizer for each member."""

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from ablate.execute.stack.unstackable import Unstackable
from ablate.execute.train.optimization.fused import FUSED

ELEMENTWISE: dict[str, type[torch.optim.Optimizer]] = {
    "Adagrad": torch.optim.Adagrad,
    "Adam": torch.optim.Adam,
    "AdamW": torch.optim.AdamW,
    "NAdam": torch.optim.NAdam,
    "RAdam": torch.optim.RAdam,
    "RMSprop": torch.optim.RMSprop,
    "SGD": torch.optim.SGD,
}
"""torch's optimizers that update each number from its own gradients alone: they update a stack as its members."""


def scalars(made: torch.optim.Optimizer, network: nn.Module) -> dict[str, Any]:
    """The settings of a member's optimizer.

    Raises:
        Unstackable: it is not elementwise, or treats some parameters unlike others.
    """
    if type(made) not in ELEMENTWISE.values():
        raise Unstackable(
            f"optimizer {type(made).__name__} does not update every number from its own gradients alone, as these do: "
            f"{', '.join(ELEMENTWISE)}"
        )
    ids = [id(p) for group in made.param_groups for p in group["params"]]
    if len(made.param_groups) > 1 or ids != [id(p) for p in network.parameters()]:
        raise Unstackable(f"its {type(made).__name__} treats some parameters unlike others")
    return {key: value for key, value in made.param_groups[0].items() if key != "params"}


def stacked(
    kind: type[torch.optim.Optimizer],
    settings: Sequence[dict[str, Any]],
    numbers: Tensor,
    schedules: Sequence[str] | None = None,
) -> torch.optim.Optimizer:
    """The optimizer of a stack: one of torch, with a parameter group for each run of members that are updated alike.

    Args:
        kind: Its class.
        settings: Of each member. Members sorted by `in_groups` make few parameter groups.
        numbers: Shape (members, numbers); updated in place.
        schedules: Text of each member's schedule; None: no member has one.
    """
    if numbers.device.type not in FUSED.get(kind, (numbers.device.type,)):
        settings = [{**each, "fused": None} for each in settings]  # they are for parameters on the CPU
    starts = runs(list(zip(settings, schedules or [""] * len(settings), strict=True)))
    ends = [*starts[1:], len(settings)]
    groups = [
        {"params": [numbers.detach()[start:end]], **settings[start]} for start, end in zip(starts, ends, strict=True)
    ]
    return cast(Any, kind)(groups)


def runs(ways: Sequence[object]) -> list[int]:
    """Where each run of equal ones begins."""
    return [i for i in range(len(ways)) if i == 0 or ways[i] != ways[i - 1]]


def in_groups(settings: Sequence[object]) -> list[int]:
    """An order of the members in which equal settings are neighbours."""
    return sorted(range(len(settings)), key=lambda index: repr(settings[index]))
