"""The `objective` group: a loss, metrics by name, and what is said of the responses that they make."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from ablate.config.group import Group

SPLITS = ("train", "val", "test")


class ObjectiveGroup(Group):
    """The `objective` group; a LightningModule has none."""

    @property
    def metrics(self) -> Mapping[str, Any]:
        """Name → the node that a metric is built from."""
        return self.get("metrics") or {}

    @property
    def responses(self) -> Mapping[str, Any]:
        """Metric → which direction is better, and what a trivial predictor scores."""
        return self.get("responses") or {}

    @cached_property
    def logged(self) -> tuple[str, ...]:
        """The responses that a trial logs: every metric on validation and test, the loss on all."""
        return ("train/loss", *(f"{split}/{m}" for split in ("test", "val") for m in (*self.metrics, "loss")))
