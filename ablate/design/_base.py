"""What every design guarantees."""

import abc
from collections.abc import Sequence

from ablate.config.spec import Factor
from ablate.design.layout import Layout
from ablate.errors import DesignError

MAX_POINTS = 100_000
"""More design points than any study can train: a slip, said before it fills the memory."""


class DesignRule(abc.ABC):
    """The rule that picks design points.

    Whatever the rule: the points are distinct; each has one level of every factor, in the order of the
    factors; every level occurs; the same factors give the same points in the same order. The first point is
    the one that the others are compared with: the baseline, except in `leave_one_out`, where it is the point
    with every factor changed.
    """

    @abc.abstractmethod
    def layout(self, factors: Sequence[Factor], *, resolution: int | None = None) -> Layout:
        """Picks the design points.

        Raises:
            DesignError: these factors, or this resolution, do not fit the rule.
        """

    def cost(self, layout: Layout, dropped: int) -> str:
        """Words what it costs that `exclude` dropped points, leaving this layout.

        Raises:
            DesignError: the rule cannot spare a point.
        """
        planned = len(layout.points) + dropped
        return f"`exclude` drops {dropped} of {planned} design points."

    @abc.abstractmethod
    def estimable(self, layout: Layout) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Words what the layout can estimate, and what it cannot."""

    def refusal(self, layout: Layout, factor: str, levels: tuple[str, str]) -> str | None:
        """Says why the contrast of these two levels cannot be estimated; None where it can."""
        if layout.settings(factor, *levels):
            return None
        return f"{factor}: no two design points differ in {' against '.join(levels)} alone"


def refuse_resolution(design: str, resolution: int | None) -> None:
    """Refuses a resolution where the rule has none.

    Raises:
        DesignError: a resolution was asked for.
    """
    if resolution is not None:
        raise DesignError(
            f"`study.resolution` is {resolution}, and only `design: fractional` has a resolution. "
            f"Leave it out of this {design} study, or set `study.resolution=null`."
        )


def require_two_levels(design: str, factors: Sequence[Factor]) -> None:
    """Refuses factors of more than two levels.

    Raises:
        DesignError: names the first such factor, and how to leave levels out.
    """
    for factor in factors:
        if len(factor.others) > 1:
            surplus = ", ".join(f"{{{factor.name}: {level}}}" for level in factor.others[1:])
            raise DesignError(
                f"`design: {design}` needs factors of two levels, and {factor.name!r} has "
                f"{len(factor.levels)}: {', '.join(factor.levels)}. Keep its reference and one other level "
                f"by excluding the rest (`exclude: [{surplus}]`), or use `design: one_at_a_time`."
            )


def refuse_size(design: str, points: int) -> None:
    """Refuses a design of more points than any study can train.

    Raises:
        DesignError: there are more than `MAX_POINTS`.
    """
    if points > MAX_POINTS:
        raise DesignError(
            f"`design: {design}` makes {points} design points of these factors, and {MAX_POINTS} is "
            "the most. Use fewer factors or levels, a lower `study.resolution`, or `design: one_at_a_time`."
        )
