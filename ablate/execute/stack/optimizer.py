"""One optimizer for a stack, with the same updates as one optimizer for each member."""

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from ablate.execute.stack.unstackable import Unstackable
from ablate.execute.train.fused import FUSED

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
    kind: type[torch.optim.Optimizer], settings: Sequence[dict[str, Any]], numbers: Tensor
) -> torch.optim.Optimizer:
    """The optimizer of a stack: one of torch, with a parameter group for each run of members with equal settings.

    Args:
        kind: Its class.
        settings: Of each member. Members sorted by `in_groups` make few parameter groups.
        numbers: Shape (members, numbers); updated in place.
    """
    if numbers.device.type not in FUSED.get(kind, (numbers.device.type,)):
        settings = [{**each, "fused": None} for each in settings]  # they are for parameters on the CPU
    starts = [i for i in range(len(settings)) if i == 0 or settings[i] != settings[i - 1]]
    ends = [*starts[1:], len(settings)]
    groups = [
        {"params": [numbers.detach()[start:end]], **settings[start]} for start, end in zip(starts, ends, strict=True)
    ]
    return cast(Any, kind)(groups)


def in_groups(settings: Sequence[dict[str, Any]]) -> list[int]:
    """An order of the members in which equal settings are neighbours."""
    return sorted(range(len(settings)), key=lambda index: repr(settings[index]))
