"""Loss, metrics and optimizer of a plain network."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import torch
from torch import nn
from torchmetrics import Metric

from ablate.config.trial import TrialConfig
from ablate.errors import ConfigError, kind, unknown
from ablate.execute.targets.target import build
from ablate.execute.train.optimization.fused import can_fuse, unfuse_for_sparse_gradients

DECAYED = "weight_decay_on"
"""A key of the `optimizer` group that is ablate's."""

DECAYED_VALUES = ("all", "weights")


def objective(config: TrialConfig) -> tuple[nn.Module, dict[str, Metric]]:
    """The loss, and the metrics by name.

    Raises:
        ConfigError: there is no loss, they cannot be built, or a metric is not one of torchmetrics.
    """
    node = config.objective
    if "loss" not in node:
        raise ConfigError("A plain nn.Module needs an objective with a loss: objective=classification, or =regression.")
    metrics = {name: build(metric, f"objective.metrics.{name}") for name, metric in node.metrics.items()}
    for name, metric in metrics.items():
        if not isinstance(metric, Metric):
            raise ConfigError(
                f"objective.metrics.{name}: {node.metrics[name]['_target_']} gives {kind(metric)}, not a "
                "torchmetrics.Metric, which adds up over batches."
            )
    if "loss" in metrics:
        raise ConfigError("objective.metrics.loss: the loss is logged by that name already. Rename the metric.")
    return build(node["loss"], "objective.loss"), metrics


def optimizer(config: TrialConfig) -> Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer]:
    """A function from parameters to their optimizer: fused, unless torch cannot or the configuration chooses.

    Raises:
        ConfigError: the configuration names none, or it does not take its keys.
    """
    if not config.optimizer.content:
        raise ConfigError("A plain nn.Module needs an optimizer: optimizer=sgd, =adam or =adamw.")
    settings = dict(config.optimizer.mapping)
    decayed = settings.pop(DECAYED, "all")
    if decayed not in DECAYED_VALUES:
        raise ConfigError(unknown(f"optimizer.{DECAYED}", str(decayed), DECAYED_VALUES))
    make: partial[torch.optim.Optimizer] = build({**settings, "_partial_": True}, "optimizer")

    def made(parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        flat = list(parameters)
        given = flat if decayed == "all" else _decay_groups(flat)
        if not can_fuse(make.func, make.keywords, flat):
            return make(given)
        fused = make(given, fused=True)
        unfuse_for_sparse_gradients(fused)
        return fused

    return made


def _decay_groups(parameters: Sequence[nn.Parameter]) -> list[dict[str, object]]:
    """Weights, which have two axes or more, with the optimizer's weight decay; biases and norms without."""
    weights = [p for p in parameters if p.ndim > 1]
    vectors = [p for p in parameters if p.ndim <= 1]
    groups: list[dict[str, object]] = [{"params": weights}, {"params": vectors, "weight_decay": 0.0}]
    return [group for group in groups if group["params"]]
