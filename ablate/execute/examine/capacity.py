"""Matched capacity: the width at which every arm has as many parameters as the baseline."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch

from ablate.config.spec import Capacity, StudySpec, key_of
from ablate.config.trial import TrialConfig
from ablate.design.point import DesignPoint
from ablate.errors import AblateError, ConfigError, DesignError, unknown
from ablate.execute.examine.bisection import Bisection, NotRisingError, bisect, constant
from ablate.execute.process.import_path import user_modules_last
from ablate.execute.process.isolation import isolated_process
from ablate.execute.targets.user_errors import as_user_errors
from ablate.execute.train.network import network, structure
from ablate.execute.train.size import parameters

Resolve = Callable[[Mapping[str, str], Sequence[str]], TrialConfig]
"""From a design point's levels and its overrides to its configuration."""


@user_modules_last()
def match(
    spec: StudySpec, points: Sequence[DesignPoint], configs: Sequence[TrialConfig], resolve: Resolve
) -> tuple[TrialConfig, ...]:
    """Solves for the integer at the named key, so that each point has the baseline's number of trainable parameters.

    The baseline keeps its width, and so does a point that has the baseline's number as it is.

    Args:
        spec: A study that declares `capacity`.
        points: Its design points.
        configs: Their configurations before.
        resolve: Makes another one.

    Returns:
        The configurations with the width that comes nearest, in the order of the points.

    Raises:
        ConfigError: the key is not there, is no whole number, or is varied by a factor; a network does not build.
        DesignError: no width comes near enough, or the number of parameters does not rise with it.
    """
    capacity = spec.capacity
    assert capacity is not None
    _check_free(spec, capacity)
    baseline = DesignPoint(levels={f.name: f.reference for f in spec.factors})
    with as_user_errors(), isolated_process(threads=1, repeats_output=False):
        config = resolve(baseline.levels, baseline.overrides(spec.factors))
        width = _width(config, capacity, "the baseline")
        target = count(config)
        overrides = baseline.overrides(spec.factors)
        if constant(lambda w: _countable(resolve(baseline.levels, (*overrides, f"{capacity.by}={w}"))), start=width):
            raise DesignError(_constant(capacity, "the baseline", target))
        return tuple(
            given if point.is_baseline(spec.factors) else _matched(spec, point, given, resolve, target)
            for point, given in zip(points, configs, strict=True)
        )


def count(config: TrialConfig) -> int:
    """The trainable parameters of a configuration's network: on torch's meta device where it can, without any draw.

    Raises:
        ConfigError, ModelError: as `network`.
    """
    try:
        with torch.device("meta"):
            return parameters(structure(config))
    except Exception:  # a module that needs values to be built, or does not build at all: the next line says which
        pass
    return parameters(network(config, seed=0))


def _matched(spec: StudySpec, point: DesignPoint, config: TrialConfig, resolve: Resolve, target: int) -> TrialConfig:
    capacity, named = spec.capacity, _named(spec, point)
    assert capacity is not None
    start = _width(config, capacity, named)
    overrides = point.overrides(spec.factors)

    def at(width: int) -> TrialConfig:
        return config if width == start else resolve(point.levels, (*overrides, f"{capacity.by}={width}"))

    if count(config) == target:
        return config
    try:
        found = bisect(lambda width: _countable(at(width)), start=start, target=target)
    except NotRisingError as error:
        raise DesignError(
            f"study.capacity: at {named} the number of parameters does not rise with {capacity.by}: it falls from "
            f"{error.first} to {error.second}, so that no width can be solved for. Match by another key, as in "
            "study.capacity={matched: model.channels}, or set the widths in the factor's levels."
        ) from error
    if found.is_constant:
        raise DesignError(_constant(capacity, named, found.counts[start]))
    width = found.nearest(target)
    if abs(found.counts[width] - target) > capacity.within * target:
        raise DesignError(_too_far(capacity, named, found, target))
    return at(width)


def _countable(config: TrialConfig) -> int | None:
    """None where the network does not build at that width: not every norm or attention takes every one."""
    try:
        return count(config)
    except AblateError:
        return None


def _width(config: TrialConfig, capacity: Capacity, named: str) -> int:
    if (value := capacity.value(config.model.content)) is None:
        whole = [name for name, value in _leaves(config.model.mapping, "model") if _is_whole(value)]
        raise ConfigError(
            f"study.capacity: at {named}: {unknown('key', capacity.by, whole)} "
            "Name the one to solve for: study.capacity={matched: KEY}."
        )
    width = capacity.width(config.model.content)
    if width is None or width < 1:
        raise ConfigError(
            f"study.capacity: {capacity.by} is {value!r} at {named}: a whole number of 1 or more is solved for, so "
            "that it must be one."
        )
    return width


def _check_free(spec: StudySpec, capacity: Capacity) -> None:
    for factor in spec.factors:
        for level, overrides in factor.levels.items():
            for override in overrides:
                if key_of(override) == capacity.by:
                    raise ConfigError(
                        f"study.capacity solves for {capacity.by}, and level {level!r} of factor {factor.name!r} sets "
                        f"it ({override}): one of the two would be ignored. Take it out of the levels, or set "
                        "study.capacity=null."
                    )


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _leaves(tree: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}.{name}")
        else:
            yield f"{prefix}.{name}", value


def _named(spec: StudySpec, point: DesignPoint) -> str:
    return ", ".join(f"{f.name}={point.levels[f.name]}" for f in spec.factors if point.levels[f.name] != f.reference)


def _constant(capacity: Capacity, named: str, parameters: int) -> str:
    return (
        f"study.capacity: the number of parameters does not depend on {capacity.by} at {named}: it stays at "
        f"{parameters:,}. Match by a key that it depends on: study.capacity={{matched: KEY}}."
    )


def _too_far(capacity: Capacity, named: str, found: Bisection, target: int) -> str:
    share = {width: found.counts[width] / target - 1 for width in found.ends}
    ends = " and ".join(f"{width} gives {found.counts[width]:,} ({share[width]:+.1%})" for width in found.ends)
    least = math.ceil(100 * min(map(abs, share.values()))) / 100
    span = (
        f"or allow more: study.capacity={{matched: {capacity.by}, within: {least:g}}}"
        if least < 1
        else "or leave study.capacity out"
    )
    return (
        f"study.capacity: at {named} no {capacity.by} gives within {100 * capacity.within:g}% of the baseline's "
        f"{target:,} parameters: {ends}. Give the baseline a larger {capacity.by}, of which one step is a smaller "
        f"share, {span}."
    )
