"""A study as frozen values: what the other rooms get of a study's configuration."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, Self, cast

from ablate.config.diagnostic import SECONDS, is_measured
from ablate.config.threshold import counts_updates

Better = Literal["higher", "lower"]
Expectation = Literal["greater", "less", "equivalent", "no_worse", "value"]
Scale = Literal["identity", "logit", "log"]
Bounds = tuple[float | None, float | None]

SHARES = ("calibration_error", "set_accuracy", "disagreement", "dead_units", "saturated", "unreachable", "zeros")
"""Metrics and diagnostics that lie between 0 and 1 whatever the data, beside accuracies."""
NOT_NEGATIVE = ("mse", "mae", "rmse", "sup_error", SECONDS.rpartition("/")[2])
"""Metrics that are 0 for a perfect prediction only, and positive else; and a time, which is positive."""

MADE_IN_PYTHON = "ablate.Study"
"""The first word of the request of a study that is made in Python."""

StudySettings = Mapping[str, Any]
"""The resolved configuration of a study, before any level is applied: plain containers by group, as in study.yaml."""

TargetNode = Mapping[str, Any]
"""A node of the configuration that names what to call by its `_target_`."""


@dataclass(frozen=True, kw_only=True)
class Factor:
    """What is varied. A level is a list of Hydra overrides; one level is the reference."""

    name: str
    levels: Mapping[str, tuple[str, ...]]
    reference: str

    @classmethod
    def of_key(cls, key: str, values: Mapping[str, str]) -> Self:
        """The factor that sets one key of the configuration, as a sweep does; its first level is the reference.

        Args:
            key: The key, which is the factor's name.
            values: Level → the value, as Hydra's grammar has it; at least one.
        """
        levels = {level: (f"{key}={value}",) for level, value in values.items()}
        return cls(name=key, levels=levels, reference=next(iter(levels)))

    @property
    def others(self) -> tuple[str, ...]:
        """The levels that are compared with the reference, in the order of the config."""
        return tuple(level for level in self.levels if level != self.reference)


@dataclass(frozen=True, kw_only=True)
class Response:
    """The number that a trial yields.

    `trivial` is what the trivial predictor scores, where that is known beforehand (chance accuracy): the response is
    bounded, and a diverged trial counts as that. None says that the response is unbounded: a diverged trial counts as
    `penalty` or, without one, as what the trivial predictor scores on the test split of its own replicate.
    """

    name: str
    better: Better
    trivial: float | None = None
    penalty: float | None = None
    range: Bounds | None = None
    """The smallest and the largest value that it can have, as declared; None at an end: there is none. None: not
    declared, so that its metric's name says what is known."""

    @property
    def bounds(self) -> Bounds:
        """Between which it lies: as declared, else as its metric is known to; None where that is not known."""
        metric = self.name.rpartition("/")[2]
        if self.range is not None:
            return self.range
        if self.is_accuracy or metric in SHARES:
            return 0.0, 1.0
        return (0.0, None) if metric in NOT_NEGATIVE or counts_updates(self.name) else (None, None)

    @property
    def is_measured(self) -> bool:
        """Whether it is measured of the network or the training, as `end/dead_units`: a simple predictor has none."""
        return is_measured(self.name)

    @property
    def is_accuracy(self) -> bool:
        """Whether it is an accuracy between 0 and 1, and not in percent, judged by its trivial value."""
        return self.name.endswith("accuracy") and self.trivial is not None and 0 <= self.trivial <= 1


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a study states before it runs: of a contrast of two levels, of an interaction, or of one design point.

    `margin` is in the response's units, on the claim's scale.
    """

    contrast: Mapping[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    """One factor → the arm's level and the level that it is compared with; empty for the two other kinds."""
    expect: Expectation
    margin: float
    alpha: float = 0.05
    why: str = ""
    after: int = 0
    """Finished trials that were there when it was given. 0: it was stated before the first. Else it is exploratory."""
    interaction: Mapping[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    """Two factors → two levels of each: the first's difference at the first level of the second factor, minus its
    difference at the second."""
    at: Mapping[str, str] = field(default_factory=dict[str, str])
    """Factor → the level at which it is held. What is not held, nor compared, is averaged over."""
    value: float | None = None
    """The number that the mean of the design point `at` is compared with, in the response's units."""
    scale: Scale = "identity"
    """On which responses are averaged and compared."""
    relative: bool = False
    """The margin is a share of the baseline's mean."""
    across: str = ""
    """The factor whose levels are data sets: the claim is about data sets like these, and each counts as one value.
    Empty: it is about trainings on the data sets that there are."""

    @property
    def is_equivalence(self) -> bool:
        """Whether it claims that two numbers are within the margin of each other."""
        return self.expect in ("equivalent", "value")

    @property
    def compared(self) -> Mapping[str, tuple[str, str]]:
        """The factors whose levels it compares: one, two for an interaction, none for a design point's mean."""
        return self.contrast or self.interaction

    @property
    def subject(self) -> str:
        """What it is about, in a word: `head`, `head × hidden_activation`, `value`."""
        return " × ".join(self.compared) or "value"

    @property
    def place(self) -> str:
        """Where it is said to hold: `hidden_activation=relu, layers=10`; empty where it says nothing of that."""
        return ", ".join(f"{factor}={level}" for factor, level in self.at.items())

    @property
    def text(self) -> str:
        """What it compares: `head: gap vs fc at layers=10`, `head × layers: gap vs fc, 10 vs 2`, `head=gap: 0.9`."""
        if self.value is not None:
            return f"{self.place}: {self.value:g}"
        levels = ", ".join(f"{level} vs {against}" for level, against in self.compared.values())
        across = f" across {self.across}" if self.across else ""
        return f"{self.subject}: {levels}{f' at {self.place}' if self.at else ''}{across}"

    @property
    def margin_text(self) -> str:
        """The margin with its unit: `0.01`, `10%` (of the baseline's mean), `0.3 logit`."""
        if self.relative:
            return f"{100 * self.margin:g}%"
        return f"{self.margin:g}" if self.scale == "identity" else f"{self.margin:g} {self.scale}"

    @property
    def stated(self) -> tuple[object, ...]:
        """What it says, whenever and in whatever words: two claims of which this is equal are the same claim."""
        said = tuple(self.contrast.items()), self.expect, self.margin, self.alpha
        more = tuple(self.interaction.items()), tuple(sorted(self.at.items())), self.value, self.scale, self.relative
        stated = said if more == ((), (), None, "identity", False) else (*said, *more)
        return (*stated, "across", self.across) if self.across else stated


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """Every arm gets as many parameters as the baseline: the integer at a key is solved for."""

    by: str = "model.width"
    """The key, below `model`."""
    within: float = 0.02
    """Of the baseline's parameters."""

    def __str__(self) -> str:
        return f"matched within {100 * self.within:g}% by {self.by}"

    @property
    def heading(self) -> str:
        """The key's last word, as tables head it."""
        return self.by.rpartition(".")[2]

    def value(self, model: object) -> object:
        """What stands at the key in the content of a `model` group; None where it has no such key."""
        node = model
        for name in self.by.split(".")[1:]:
            if not isinstance(node, Mapping) or name not in node:
                return None
            node = cast(Mapping[str, Any], node)[name]
        return node

    def width(self, model: object) -> int | None:
        """The whole number that stands there; None where there is none."""
        value = self.value(model)
        return value if isinstance(value, int) and not isinstance(value, bool) else None


@dataclass(frozen=True, kw_only=True)
class AnswerText:
    """What a study says beside its answer, in sentences. Prose: it changes no trial, no id and no verdict."""

    asked: str = ""
    """The question as people ask it; empty where nothing is said, as below."""
    fair: str = ""
    """Why the setting is fair to every arm."""
    depends: str = ""
    """On what the answer depends, and what would change it."""

    def __bool__(self) -> bool:
        return bool(self.asked or self.fair or self.depends)


@dataclass(frozen=True, kw_only=True)
class StudySpec:
    """One question: factors, a design, a response, a number of replicates, claims."""

    name: str
    question: str
    design: str
    """A name among `ablate.design.DESIGNS`, where any other is refused; empty where the study names none."""
    factors: tuple[Factor, ...]
    response: Response
    replicates: int
    seed: int
    components: tuple[str, ...] = ()
    """What selects the modules of the baseline that are left out one by one. Each is a factor once it is known."""
    lesion: bool = False
    """Whether the modules that arms leave out are also put out of action in the trained full network."""
    resolution: int | None = None
    exclude: tuple[Mapping[str, str], ...] = ()
    claims: tuple[Claim, ...] = ()
    """The family: what was stated before the first trial."""
    later: tuple[Claim, ...] = ()
    """Claims that were given when there were trials already: exploratory."""
    looks: int | tuple[int, ...] | None = None
    """A group-sequential plan: how many looks up to `replicates`, or the replicates at each. None: one, at the end."""
    identities: tuple[TargetNode, ...] = ()
    """What must be exactly so, as nodes with a `_target_`. A study of these alone has no factor and trains nothing: its
    design and its response then say nothing."""
    capacity: Capacity | None = None
    tune: Mapping[str, Any] | None = None
    """What `study.tune` says, which `ablate.design.tuning` reads; None: every arm trains with the same settings."""
    pool_above: int | None = None
    """Interactions of more factors than this are declared negligible: the variance table pools them with the residual.
    None: all stay."""
    tags: tuple[str, ...] = ()
    accepted: Mapping[str, str] = field(default_factory=dict[str, str])
    """Remark of `ablate review` → why the study accepts it. Prose: it changes no trial and no verdict."""
    answer: AnswerText = field(default_factory=AnswerText)
    """What stands beside its answer."""
    diagnostics: tuple[str, ...] = ()
    """What the tables show of every design point beside the response."""
    request: tuple[str, ...] = ()
    """The words after `ablate run`; of a study that is made in Python `MADE_IN_PYTHON`, its name and overrides."""
    overrides: tuple[str, ...] = ()
    """What the user changed on the command line, sweeps apart (those have become factors)."""
    settings: StudySettings = field(default_factory=dict[str, Any])
    data: str = ""
    """The data sets, as plans and tables call them."""
    directory: str = ""
    """The study's directory under the results directory: its name, and what was changed of it."""

    def factor(self, name: str) -> Factor:
        """The factor of that name.

        Raises:
            KeyError: there is none.
        """
        return next(f for f in self.factors if f.name == name) if name in self.names else _missing(name)

    @property
    def names(self) -> tuple[str, ...]:
        """The factors' names, in the order of the config."""
        return tuple(f.name for f in self.factors)


def is_override(word: str) -> bool:
    """Whether a word of a request is an override such as `model.width=16`, `+a.b=1` or `~logger`; else it is a name."""
    return "=" in word or word.startswith(("+", "~"))


@lru_cache(maxsize=4096)
def key_of(override: str) -> str:
    """The key that an override sets, without its sign and without its package: `+a.b=1` sets `a.b`."""
    return override.partition("=")[0].lstrip("+~").partition("@")[0]


def hydra_text(value: Any) -> str:
    """A value as Hydra's grammar has it, plain containers included."""
    if isinstance(value, Mapping):
        items = cast(Mapping[Any, Any], value).items()
        return f"{{{','.join(f'{_hydra_key(str(key))}:{hydra_text(item)}' for key, item in items)}}}"
    if isinstance(value, list | tuple):
        return f"[{','.join(hydra_text(item) for item in cast(Sequence[Any], value))}]"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace("'", "\\'")
        return f"'{escaped}'"
    return repr(value)


def _hydra_key(name: str) -> str:
    """A key of a mapping, which that grammar does not quote."""
    return re.sub(r"([\\()\[\]{}:=, \t])", r"\\\1", name)


def _missing(name: str) -> Factor:
    raise KeyError(name)
