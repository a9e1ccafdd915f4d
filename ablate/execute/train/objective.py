"""Loss, metrics and optimizer of a plain network."""

from collections.abc import Callable, Iterable
from functools import partial

import torch
from torch import nn
from torchmetrics import Metric

from ablate.config.trial import TrialConfig
from ablate.errors import ConfigError, kind
from ablate.execute.targets.target import build
from ablate.execute.train.optimization.fused import can_fuse, unfuse_for_sparse_gradients


def objective(config: TrialConfig) -> tuple[nn.Module, dict[str, Metric]]:
    """The loss, and the metrics by name.

    Raises:
        ConfigError: there is no loss, they cannot be built, or a metric is none of torchmetrics'.
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
        raise ConfigError("objective.metrics.loss: the loss is logged by that name already. Name the metric otherwise.")
    return build(node["loss"], "objective.loss"), metrics


def optimizer(config: TrialConfig) -> Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer]:
    """A function from parameters to their optimizer: fused, unless torch cannot or the configuration chooses.

    Raises:
        ConfigError: the configuration names none, or it does not take its keys.
    """
    if not config.optimizer.content:
        raise ConfigError("A plain nn.Module needs an optimizer: optimizer=sgd, =adam or =adamw.")
    make: partial[torch.optim.Optimizer] = build({**config.optimizer.mapping, "_partial_": True}, "optimizer")

    def made(parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        given = list(parameters)
        if not can_fuse(make.func, make.keywords, given):
            return make(given)
        fused = make(given, fused=True)
        unfuse_for_sparse_gradients(fused)
        return fused

    return made
