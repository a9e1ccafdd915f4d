"""An estimable contrast: which design points stand on each side of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ablate.design.point import DesignPoint

Levels = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Estimable:
    """Per replicate: the mean over the points `arm` minus the mean over the points `reference`.

    For a difference of differences, the mean over `arm_less` is taken from the one, and that over `reference_less` from
    the other, so that each side is a difference itself. Without reference points, a number stands in their place.

    The other fields are those of `ablate.analysis.summary.Contrast`, which is the estimate of it.
    """

    name: str
    kind: str
    levels: Levels
    against: Levels
    held: Levels
    arm: tuple[int, ...]
    """Rows of the study's design points."""
    reference: tuple[int, ...]
    aliases: str = ""
    arm_less: tuple[int, ...] = ()
    reference_less: tuple[int, ...] = ()

    @property
    def rows(self) -> tuple[int, ...]:
        """All points that it rests on."""
        return (*self.arm, *self.arm_less, *self.reference, *self.reference_less)


def main_effect(
    factor: str, level: str, against: str, *, arm: Sequence[int], reference: Sequence[int], aliases: str = ""
) -> Estimable:
    """A level against another, averaged over the other factors."""
    return Estimable(
        name=contrast_name(factor, level, against),
        kind="main effect",
        levels={factor: level},
        against={factor: against},
        held={},
        arm=tuple(arm),
        reference=tuple(reference),
        aliases=aliases,
    )


def simple_effect(points: Sequence[DesignPoint], arm: int, reference: int, factor: str) -> Estimable:
    """Two design points that differ in one factor; the other factors are held."""
    levels, against = points[arm].levels, points[reference].levels
    return Estimable(
        name=contrast_name(factor, levels[factor], against[factor]),
        kind="simple",
        levels={factor: levels[factor]},
        against={factor: against[factor]},
        held={name: level for name, level in levels.items() if name != factor},
        arm=(arm,),
        reference=(reference,),
    )


def point_difference(points: Sequence[DesignPoint], arm: int, reference: int) -> Estimable:
    """A design point against another, which may differ in several factors."""
    levels, against = points[arm].levels, points[reference].levels
    changed = [name for name in levels if levels[name] != against[name]]
    return Estimable(
        name=", ".join(contrast_name(name, levels[name], against[name]) for name in changed),
        kind="point",
        levels={name: levels[name] for name in changed},
        against={name: against[name] for name in changed},
        held={name: level for name, level in levels.items() if name not in changed},
        arm=(arm,),
        reference=(reference,),
    )


def contrast_name(factor: str, level: str, against: str) -> str:
    """How tables name a contrast of two levels."""
    return f"{factor}: {level} vs {against}"


def interaction_name(levels: Levels, against: Levels) -> str:
    """How tables name a contrast of levels of one or more factors."""
    return " × ".join(contrast_name(factor, level, against[factor]) for factor, level in levels.items())


def not_estimable(factor: str, level: str, against: str) -> str:
    """The note on a contrast for which a design point is missing."""
    return (
        f"{contrast_name(factor, level, against)} cannot be estimated: the design lacks a design point that it needs."
    )
