"""The schedules of a stack's members: each follows from the settings of its own optimizer."""

from collections.abc import Sequence
from typing import Any, cast

import torch

from ablate.execute.train.optimization.schedule import Schedule, ScheduleFactory

KEPT = ("params", "fused")
"""Keys of a parameter group that are not settings of its members."""


class StackedSchedule:
    """One schedule for each parameter group of a stack's optimizer.

    Each acts on an optimizer of a single number that has the settings of the group's members, as it would on the
    optimizer of one that trains alone. The group then takes the settings over.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, schedules: Sequence[ScheduleFactory | None]) -> None:
        """`schedules`: of each group of the optimizer, which has taken no step; None: its settings stay."""
        self._optimizer = optimizer  # which has other groups when its state has been loaded
        self._groups: list[tuple[int, dict[str, Any], tuple[str, ...], Schedule]] = []
        for place, (group, make) in enumerate(zip(optimizer.param_groups, schedules, strict=True)):
            if make is None:
                continue
            settings = {key: value for key, value in group.items() if key not in KEPT}
            single = cast(Any, type(optimizer))([{"params": [torch.zeros(1)], **settings}])
            schedule = make(single)
            single.step()  # without a gradient: torch warns of a schedule that begins before its optimizer
            self._groups.append((place, single.param_groups[0], tuple(settings), schedule))
        self._take_over()

    def step(self) -> None:
        """Called after each step of the optimizer."""
        for _, _, _, schedule in self._groups:
            schedule.step()
        self._take_over()

    def repeat(self, steps: int) -> None:
        """Brings schedules that have not begun to where they were after so many steps of the optimizer."""
        for _, _, _, schedule in self._groups:
            schedule.repeat(steps)
        self._take_over()

    def _take_over(self) -> None:
        for place, changed, names, _ in self._groups:
            self._optimizer.param_groups[place].update({name: changed[name] for name in names})
