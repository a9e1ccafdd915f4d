"""The `objective` group: a loss, metrics by name, and what is said of the responses that they make."""

import math
from collections.abc import Mapping
from functools import cached_property
from typing import Any, cast

from ablate.config.group import Group
from ablate.config.threshold import UPDATES_TO, Threshold
from ablate.errors import ConfigError, kind, unknown

SPLITS = ("train", "val", "test")

OBJECTIVE = "objective"
"""The group's name."""

OBJECTIVE_KEYS = ("loss", "metrics", "responses", "output", "updates_to")
"""What is read of it."""


class ObjectiveGroup(Group):
    """The `objective` group; a LightningModule has none."""

    @property
    def metrics(self) -> Mapping[str, Any]:
        """Name → the node that a metric is built from.

        Raises:
            ConfigError: it is no mapping.
        """
        return self._mapping_at("metrics")

    @property
    def responses(self) -> Mapping[str, Any]:
        """Metric → which direction is better, and what a trivial predictor scores.

        Raises:
            ConfigError: it is no mapping.
        """
        return self._mapping_at("responses")

    @property
    def output(self) -> str | int | None:
        """The part of a network's output that loss and metrics get: a key, an attribute or a place; None: all of it.

        Raises:
            ConfigError: it is none of these.
        """
        part = self.get("output")
        if part is not None and (isinstance(part, bool) or not isinstance(part, str | int)):
            raise ConfigError(
                f"objective.output is {kind(part)}: write a key, an attribute or a place, such as logits or 0."
            )
        return part

    @property
    def ignored(self) -> int | None:
        """The target that the loss leaves out, such as that of padding: its `ignore_index`; None: it names none."""
        loss = self.get("loss")
        found = loss.get("ignore_index") if isinstance(loss, Mapping) else None
        return found if isinstance(found, int) else None

    @property
    def thresholds(self) -> Mapping[str, Threshold]:
        """Metric → the value in validation up to which updates are counted (`updates_to`); each makes a response.

        Raises:
            ConfigError: it names no metric, gives no number, or nothing says in which direction the metric is better.
        """
        found: dict[str, Threshold] = {}
        for metric, value in self._mapping_at("updates_to").items():
            key = f"objective.updates_to.{metric}"
            if metric not in (known := (*self.metrics, "loss")):
                raise ConfigError(unknown("metric of objective.updates_to", metric, known))
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                raise ConfigError(f"{key} is {value!r}: write a number, such as 0.9.")
            declared = self.responses.get(metric)
            better = declared.get("better") if isinstance(declared, Mapping) else None
            if better not in ("higher", "lower"):
                raise ConfigError(f"{key}: objective.responses.{metric} does not say which direction is better.")
            found[metric] = Threshold(value=float(value), better=better)
        return found

    def _mapping_at(self, key: str) -> Mapping[str, Any]:
        value = self.get(key)
        if value is not None and not isinstance(value, Mapping):
            raise ConfigError(f"objective.{key} is {kind(value)}: write a mapping, a key for each metric.")
        return cast(Mapping[str, Any], value or {})

    @cached_property
    def logged(self) -> tuple[str, ...]:
        """The responses that a trial logs: every metric on validation and test, the loss on all."""
        return ("train/loss", *(f"{split}/{m}" for split in ("test", "val") for m in (*self.metrics, "loss")))

    @cached_property
    def yielded(self) -> tuple[str, ...]:
        """The responses of a trial: what it logs, and the updates to thresholds."""
        return (*self.logged, *(f"val/{UPDATES_TO}{metric}" for metric in self.thresholds))
