"""A bundle: trials that train together in one Lightning fit."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from ablate.config.spec import TRAINED, Config
from ablate.plan.identity import part
from ablate.plan.trial import Trial

STACKED: Mapping[str, frozenset[str]] = {
    "model": frozenset({"init", "bias_value", "bias_sd", "fan_area", "zero_init_residual", "dropout"}),
    "objective.loss": frozenset({"label_smoothing"}),
    "optimizer": frozenset(
        {"lr", "weight_decay", "momentum", "dampening", "nesterov", "betas", "eps", "alpha", "amsgrad", "lr_decay"}
    ),
    "trainer": frozenset({"gradient_clip_norm", "max_loss"}),
}
"""Keys in which the members of a bundle may differ: how a network starts, and numbers that a step takes.

Whether a model means by them what the shipped ones mean is for whoever trains to see."""


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """Trials that differ only in what can be stacked."""

    trials: tuple[Trial, ...]
    stacked: bool = False
    """Whether they train as one; else each trains alone."""
    conv_as_matmul: bool = False
    """Whether a stack computes its convolutions as matrix products."""
    reason: str = ""
    """Why they train alone; empty where they do not, or where that was not decided."""


def bundles(trials: Iterable[Trial]) -> tuple[Bundle, ...]:
    """Groups the trials that could be stacked, in the order of the first of each; each keeps its own order."""
    spelt = _Shared()
    groups: dict[tuple[str, ...], list[Trial]] = {}
    for trial in trials:
        groups.setdefault(spelt.of(trial.config), []).append(trial)
    return tuple(Bundle(trials=tuple(group)) for group in groups.values())


def shared(config: Config) -> str:
    """What trials must have in common to be stacked, in one spelling."""
    return "\n".join(_Shared().of(config))


class _Shared:
    """The same of many: configurations and groups that they share are spelt once."""

    def __init__(self) -> None:
        self._configs: dict[int, tuple[str, ...]] = {}
        self._groups: dict[tuple[str, int], str] = {}

    def of(self, config: Config) -> tuple[str, ...]:
        """Of one trial."""
        if id(config) not in self._configs:
            self._configs[id(config)] = tuple(self._group(config, group) for group in TRAINED)
        return self._configs[id(config)]

    def _group(self, config: Config, group: str) -> str:
        key = group, id(config.get(group))
        if key not in self._groups:
            self._groups[key] = json.dumps(_without(part(config, group), group), sort_keys=True)
        return self._groups[key]


def _without(node: Any, where: str) -> Any:
    """The configuration without the keys in which members may differ."""
    if not isinstance(node, Mapping):
        return node
    loose = STACKED.get(where, frozenset[str]())
    items = cast(Mapping[str, Any], node).items()
    return {str(k): _without(v, f"{where}.{k}".lstrip(".")) for k, v in items if k not in loose}
