"""The `objective` group: a loss, metrics by name, and what is said of the responses that they make."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, cast

from ablate.config.group import Group
from ablate.errors import ConfigError, kind

SPLITS = ("train", "val", "test")

OBJECTIVE = "objective"
"""The group's name."""

OBJECTIVE_KEYS = ("loss", "metrics", "responses", "output")
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

    def _mapping_at(self, key: str) -> Mapping[str, Any]:
        value = self.get(key)
        if value is not None and not isinstance(value, Mapping):
            raise ConfigError(f"objective.{key} is {kind(value)}: write a mapping, a key for each metric.")
        return cast(Mapping[str, Any], value or {})

    @cached_property
    def logged(self) -> tuple[str, ...]:
        """The responses that a trial logs: every metric on validation and test, the loss on all."""
        return ("train/loss", *(f"{split}/{m}" for split in ("test", "val") for m in (*self.metrics, "loss")))
