"""Diagnostics of every member of a stack, at the same moments as for a trial that trains alone."""

from collections.abc import Collection, Sequence
from typing import Any, cast

import pytorch_lightning as pl
from torch import Tensor

from ablate.config.diagnostic import EXAMPLES, Moment
from ablate.execute.diagnose.measurement import Measurement, as_csv, as_state, by_moment, from_state, measured, traced
from ablate.execute.diagnose.trace import Trace, fetch
from ablate.execute.stack.member import Member
from ablate.execute.stack.stacked_module import StackedModule
from ablate.execute.targets.target import error_text


class StackedDiagnostics(pl.Callback):
    """Measures each member's network on the member's probe batch; one that has diverged, as it was at its end."""

    def __init__(self, moments: Collection[Moment], members: Sequence[Member], examples: int = EXAMPLES) -> None:
        self._moments = frozenset(moments)
        self._examples = examples
        self._members = members
        self._probes: list[list[Tensor]] = []
        self._found: list[dict[str, Measurement]] = [{} for _ in members]
        self.failures: list[str | None] = [None for _ in members]
        self._is_under_way = False
        """Whether the training goes on from a checkpoint of another process."""

    def values(self, member: int) -> dict[str, dict[str, float]]:
        """Diagnostic → moment → value."""
        return by_moment(self._found[member])

    def as_csv(self, member: int) -> str | None:
        """The values by layer; None where nothing was measured."""
        return as_csv(self._found[member]) if self._found[member] else None

    def state_dict(self) -> dict[str, Any]:
        """Called by Lightning when it writes a checkpoint."""
        return {"found": [as_state(found) for found in self._found], "failures": self.failures}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Called by Lightning when a training goes on from a checkpoint: what was measured is not measured again."""
        self._found = [from_state(found) for found in state_dict["found"]]
        self.failures = state_dict["failures"]
        self._is_under_way = True

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Called by Lightning before the first step."""
        if not self._moments:
            return
        module = cast(StackedModule, pl_module)
        # Lightning has moved the stack to its device and precision, but not the members that it was made of.
        like = module.stack.numbers
        for member in self._members:
            member.module.loss.to(like)
        probes = (member.module.probe(self._examples) for member in self._members)
        self._probes = [[_alike(part, like) for part in probe] for probe in probes]
        if not self._is_under_way:
            self._probe("start", module)

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Called by Lightning before every epoch."""
        module = cast(StackedModule, pl_module)
        if trainer.current_epoch and trainer.current_epoch == module.epochs // 2:
            self._probe("middle", module)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Called by Lightning after the last epoch's validation."""
        self._probe("end", cast(StackedModule, pl_module))

    def _probe(self, moment: Moment, module: StackedModule) -> None:
        if moment not in self._moments:
            return
        traces: dict[int, Trace] = {}
        for place, member in enumerate(self._members):
            if moment == "middle" and place not in module.active:
                continue  # it has diverged, and would have ended before its middle
            try:
                inputs, targets = self._probes[place]
                traces[place] = traced(module.member(place), inputs, targets, member.module.loss)
            except Exception as error:  # a user-defined network may raise anything
                self.failures[place] = self.failures[place] or error_text(error)
        fetch(list(traces.values()))
        for place, trace in traces.items():
            try:
                found = measured(trace)
            except Exception as error:
                self.failures[place] = self.failures[place] or error_text(error)
            else:
                self._found[place][moment] = found
                self.failures[place] = self.failures[place] or found.failure


def _alike(values: Tensor, like: Tensor) -> Tensor:
    return values.to(like) if values.is_floating_point() else values.to(like.device)
