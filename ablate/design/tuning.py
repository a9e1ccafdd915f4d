"""Tuning: the settings that are tried for each arm, on which share of the budget, and by which metric one is chosen.

Source: Jamieson and Talwalkar (2016), "Non-stochastic best arm identification and hyperparameter optimization", for
successive halving; Joe and Kuo (2008) for the Sobol points, as scipy has them.
"""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from ablate.config.group import TRAINED
from ablate.config.objective import ObjectiveGroup
from ablate.config.spec import Better, StudySpec, hydra_text, key_of
from ablate.config.threshold import counts_updates
from ablate.config.trainer import BUDGET_KEYS
from ablate.design.point import Cell, DesignPoint, cell
from ablate.errors import ConfigError, kind, unknown

Candidate = Mapping[str, Any]
"""Key → the value that is tried: a number, a truth value, text, or None."""

SEEDS = 2
RUNGS = (0.25, 0.5)
"""All candidates at a quarter of the budget, the better half of them at half of it."""
BUDGETS = tuple(f"trainer.{key}" for key in BUDGET_KEYS)
"""Settings that say how long a training is."""
OPTIONS = ("by", "metric", "points", "rungs", "seeds")
"""Keys of `study.tune` beside the settings, which have a dot in them."""
RANGE = ("high", "low", "scale")
SCALES = ("linear", "log")
SIGNIFICANT_DIGITS = 4
"""Of a value that is taken from a range."""


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """What `study.tune` asks for. Every arm gets the same candidates, rungs and seeds."""

    candidates: tuple[Candidate, ...]
    grids: Mapping[str, tuple[Any, ...]]
    """Setting → the values that are tried of it, in the order of the study; empty where it has a range."""
    metric: str
    better: Better
    seeds: int
    rungs: tuple[float, ...]
    """Shares of the budget. After each rung but the last, the better half of the candidates goes on."""
    by: tuple[str, ...] | None
    """Factors for each combination of whose levels there is one choice; None: one for each design point."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The settings."""
        return tuple(self.candidates[0])

    @property
    def sizes(self) -> tuple[int, ...]:
        """The number of candidates on each rung."""
        sizes = [len(self.candidates)]
        while len(sizes) < len(self.rungs):
            sizes.append(-(-sizes[-1] // 2))
        return tuple(sizes)

    @property
    def trials_per_arm(self) -> int:
        """Tuning trials of one choice."""
        return self.seeds * sum(self.sizes)

    def arm(self, levels: Mapping[str, str]) -> Cell:
        """The levels that decide which choice holds for a design point."""
        return cell({name: level for name, level in levels.items() if self.by is None or name in self.by})

    def arms(self, points: Sequence[DesignPoint]) -> dict[Cell, DesignPoint]:
        """The arms that get a choice of their own, each with the design point at which its candidates are tried.

        That is the first in the order of the design: the other factors then have their reference levels, where the
        design has such a point. One point each, so that every arm gets the same budget.
        """
        found: dict[Cell, DesignPoint] = {}
        for point in points:
            found.setdefault(self.arm(point.levels), point)
        return found

    def edges(self, chosen: Candidate) -> dict[str, str]:
        """Setting → which end of its grid was chosen, `lowest` or `highest`; for grids of numbers."""
        found: dict[str, str] = {}
        for key, values in self.grids.items():
            if values and all(_is_number(value) for value in values):
                ends = {min(values): "lowest", max(values): "highest"}
                if chosen.get(key) in ends:
                    found[key] = ends[chosen[key]]
        return found


def overrides(candidate: Candidate) -> tuple[str, ...]:
    """A candidate as Hydra's overrides."""
    return tuple(f"{key}={hydra_text(value)}" for key, value in candidate.items())


def tuning_of(spec: StudySpec) -> Tuning | None:
    """What a study tunes; None: nothing.

    Raises:
        ConfigError: something in `study.tune` does not fit; says what to write instead.
    """
    if spec.tune is None:
        return None
    options = {key: value for key, value in spec.tune.items() if "." not in key}
    for key in options:
        if key not in OPTIONS:
            raise ConfigError(
                unknown("key", f"study.tune.{key}", [f"study.tune.{option}" for option in OPTIONS])
                + " A setting is named by its whole key, as in study.tune={optimizer.lr: [0.001, 0.01]}."
            )
    settings = {key: value for key, value in spec.tune.items() if "." in key}
    if not settings:
        raise ConfigError("study.tune names no setting: write study.tune={optimizer.lr: [0.001, 0.003, 0.01, 0.03]}.")
    for key in settings:
        _check_key(spec, key)
    grids = {key: _grid(key, value) for key, value in settings.items()}
    metric, better = _metric(spec, options.get("metric"))
    tunes_budget = not settings.keys().isdisjoint(BUDGETS)
    # On part of the budget, all settings that do not reach the threshold score the same.
    usual = (1.0,) if tunes_budget or counts_updates(metric) else RUNGS
    return Tuning(
        candidates=tuple(_candidates(settings, grids, options.get("points"))),
        grids=grids,
        metric=metric,
        better=better,
        seeds=_whole("seeds", options.get("seeds", SEEDS)),
        rungs=_rungs(usual if options.get("rungs") is None else options["rungs"], tunes_budget=tunes_budget),
        by=_by(spec, options.get("by")),
    )


def _check_key(spec: StudySpec, key: str) -> None:
    """Refuses a setting that something else sets, or that makes no other trial."""
    group = key.partition(".")[0]
    if group not in TRAINED:
        raise ConfigError(
            f"study.tune: {unknown('group', group, TRAINED)} {key!r} does not change what a trial is, so that there is "
            "nothing to choose."
        )
    for factor in spec.factors:
        for level, given in factor.levels.items():
            for override in given:
                if _overlap(key_of(override), key):
                    raise ConfigError(
                        f"study.tune: {key!r} is also a factor: level {level!r} of {factor.name!r} sets it "
                        f"({override}), and a choice would undo that. Take it out of study.tune, or take "
                        f"{factor.name!r} out of study.factors."
                    )
    for override in spec.overrides:
        if key_of(override) == key:
            raise ConfigError(
                f"{override!r} would be ignored: study.tune chooses {key}. Leave the override out, or {key} out of "
                "study.tune."
            )
    if spec.capacity is not None and group == "model":
        raise ConfigError(
            f"study.tune: {key!r} changes the network, and study.capacity solves for {spec.capacity.by} before any "
            "tuning. Tune settings of other groups, or set study.capacity=null."
        )


def _overlap(one: str, other: str) -> bool:
    """Whether setting one key decides the other; choosing the option of a group does not: `optimizer=sgd` has an lr."""
    return one == other or one.startswith(f"{other}.") or ("." in one and other.startswith(f"{one}."))


def _grid(key: str, given: Any) -> tuple[Any, ...]:
    """The values of a list; none of a range."""
    if isinstance(given, Mapping):
        _check_range(key, cast(Mapping[str, Any], given))
        return ()
    if not isinstance(given, list):
        raise ConfigError(
            f"study.tune: {key} is {kind(given)}: write the values to try, as in {key}: [0.001, 0.01], or a range with "
            "study.tune.points, as in {low: 0.0001, high: 0.1, scale: log}."
        )
    values = cast(list[Any], given)
    for value in values:
        if not (value is None or isinstance(value, str | bool) or _is_number(value)):
            raise ConfigError(
                f"study.tune: {key} has {value!r}: a value is a finite number, text, true, false or null."
            )
    if len(values) < 2:
        shown = f"{key}={hydra_text(values[0])}" if values else f"{key}=…"
        raise ConfigError(
            f"study.tune: {key} has {'one value' if values else 'no value'}: there is nothing to choose. Name two or "
            f"more, or set it for all arms, {shown}, and leave it out of study.tune."
        )
    return tuple(values)


def _check_range(key: str, given: Mapping[str, Any]) -> None:
    for name in given:
        if name not in RANGE:
            raise ConfigError(unknown("key", f"study.tune: {key}.{name}", [f"study.tune: {key}.{n}" for n in RANGE]))
    low: Any = given.get("low")
    high: Any = given.get("high")
    scale = given.get("scale", "linear")
    if scale not in SCALES:
        raise ConfigError(unknown(f"study.tune: {key}.scale", str(scale), SCALES))
    if not (_is_number(low) and _is_number(high) and low < high):
        raise ConfigError(f"study.tune: {key} needs low and high, two finite numbers, the one below the other.")
    if scale == "log" and not low > 0:
        raise ConfigError(f"study.tune: {key} has low={low:g}, and a logarithmic scale begins above 0.")


def _candidates(settings: Mapping[str, Any], grids: Mapping[str, tuple[Any, ...]], points: Any) -> Iterator[Candidate]:
    """Every combination of a grid; where there are ranges, `points` Sobol points."""
    if all(grids.values()):
        if points is not None:
            raise ConfigError(
                "study.tune.points is for ranges, such as {low: 0.0001, high: 0.1, scale: log}: of lists, every "
                "combination is tried. Leave it out."
            )
        yield from (dict(zip(grids, values, strict=True)) for values in itertools.product(*grids.values()))
        return
    if not isinstance(points, int) or isinstance(points, bool) or points < 2 or points & (points - 1):
        raise ConfigError(
            f"study.tune.points={points!r}: a range needs the number of Sobol points to try, a power of 2, such as 16."
        )
    from scipy.stats import qmc  # pyright: ignore[reportMissingTypeStubs]

    # In the middle of their strata, not scrambled: the same candidates in every study and version of scipy.
    drawn = (qmc.Sobol(len(settings), scramble=False).random(points) + 0.5 / points).tolist()
    seen: list[Candidate] = []
    for row in drawn:
        made = {key: _value(settings[key], grids[key], at) for key, at in zip(settings, row, strict=True)}
        if made not in seen:
            seen.append(made)
            yield made


def _value(given: Any, grid: tuple[Any, ...], at: float) -> Any:
    """The value at a share of a range, or of a list."""
    if grid:
        return grid[int(at * len(grid))]
    low, high = given["low"], given["high"]
    if isinstance(low, int) and isinstance(high, int):
        return min(math.floor(_between(low, high + 1, at, given)), high)
    return float(f"{_between(low, high, at, given):.{SIGNIFICANT_DIGITS}g}")


def _between(low: float, high: float, at: float, given: Mapping[str, Any]) -> float:
    return low * (high / low) ** at if given.get("scale") == "log" else low + at * (high - low)


def _metric(spec: StudySpec, given: Any) -> tuple[str, Better]:
    """What is compared, and which direction is better."""
    if isinstance(given, Mapping):
        node = cast(Mapping[str, Any], given)
        if set(node) != {"name", "better"} or node["better"] not in ("higher", "lower"):
            raise ConfigError("study.tune.metric: write its name, or {name: val/score, better: higher}.")
        _check_metric(spec, str(node["name"]))
        return str(node["name"]), node["better"]
    split, _, name = spec.response.name.rpartition("/")
    if given is None:
        if split not in ("test", "val"):
            raise ConfigError(
                f"study.tune: the response is {spec.response.name!r}, which does not say what it is called in "
                "validation. Name it: study.tune.metric={name: val/score, better: higher}."
            )
        return f"val/{name}", spec.response.better
    metric = str(given)
    _check_metric(spec, metric)
    asked = metric.rpartition("/")[2]
    if asked == name:
        return metric, spec.response.better
    declared = ObjectiveGroup("objective", spec.settings.get("objective")).responses.get(asked)
    if isinstance(declared, Mapping) and "better" in declared:
        return metric, cast(Mapping[str, Any], declared)["better"]
    if asked == "loss" or counts_updates(metric):
        return metric, "lower"
    raise ConfigError(
        f"study.tune.metric={metric}: nothing says which direction is better. Write {{name: {metric}, better: higher}}."
    )


def _check_metric(spec: StudySpec, metric: str) -> None:
    split, _, name = metric.rpartition("/")
    if split == "test" or (metric == spec.response.name and split != "val"):
        raise ConfigError(
            f"study.tune.metric={metric}: settings chosen by what the claims are judged by flatter whichever arm has "
            f"the more to choose from. Choose them in validation: study.tune.metric=val/{name}."
        )


def _whole(name: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ConfigError(f"study.tune.{name}={value!r} must be a whole number, 1 or more.")
    return value


def _rungs(given: Any, *, tunes_budget: bool) -> tuple[float, ...]:
    rungs: list[Any] = [*cast(Sequence[Any], given)] if isinstance(given, list | tuple) else [given]
    rising = all(_is_number(rung) and 0 < rung <= 1 for rung in rungs) and rungs == sorted(set(rungs))
    if not rungs or not rising:
        raise ConfigError(
            f"study.tune.rungs={given}: shares of the budget, rising, more than 0 and at most 1: "
            "[0.25, 0.5], or [1] for no halving."
        )
    if tunes_budget and rungs != [1]:
        raise ConfigError(
            f"study.tune.rungs={given}: where the budget is tuned itself, a share of it says nothing. Leave rungs out."
        )
    return tuple(float(rung) for rung in rungs)


def _by(spec: StudySpec, given: Any) -> tuple[str, ...] | None:
    if given is None:
        return None
    named: list[Any] = cast(list[Any], given) if isinstance(given, list) else [given]
    for name in named:
        if name not in spec.names:
            raise ConfigError(
                "study.tune.by: "
                + unknown("factor of this study", str(name), spec.names)
                + " [] is one choice for all."
            )
    return tuple(name for name in spec.names if name in named)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
