"""The base class of designs: the questions that each answers about itself, and what it guarantees."""

import abc
from collections.abc import Iterator, Sequence
from typing import ClassVar

from ablate.config.spec import Factor
from ablate.design.column import Column
from ablate.design.estimable import Estimable
from ablate.design.factor_pair import FactorPair
from ablate.design.layout import Layout
from ablate.design.point import DesignPoint
from ablate.errors import DesignError

MAX_POINTS = 100_000
"""More design points than any study can train: a mistake, refused before it fills the memory."""


class Design(abc.ABC):
    """The rule that picks design points, and what can be estimated from the points that it picks.

    Whatever the design: the points are distinct; each has one level of every factor, in the order of the
    factors; every level occurs; the same factors give the same points in the same order. The first point is
    the one that the others are compared with.

    `factors` are the study's; `points` are those of a layout of them, of which `exclude` may have dropped some. Rows
    are places among the points.
    """

    name: ClassVar[str]
    """What a study calls it: `design: factorial`."""
    crosses_factors: ClassVar[bool] = False
    """Several factors change together, so that interactions can be estimated and sums of squares divided."""
    is_fraction: ClassVar[bool] = False
    """No two points need differ in one factor alone: effects are estimated from all points, and have aliases."""

    @abc.abstractmethod
    def layout(self, factors: Sequence[Factor], *, resolution: int | None = None) -> Layout:
        """Picks the design points.

        Raises:
            DesignError: these factors, or this resolution, do not fit the design.
        """

    @abc.abstractmethod
    def estimable(self, layout: Layout) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What the layout can estimate, and what it cannot: a phrase each."""

    @abc.abstractmethod
    def contrasts(self, factors: Sequence[Factor], points: Sequence[DesignPoint]) -> Iterator[Estimable | str]:
        """Every level against its factor's reference, in the order of the factors, where the points allow it.

        Each has its aliases. A contrast that rests on a part of the points, or cannot be estimated, yields a note.
        """

    def factor_pairs(self, factors: Sequence[Factor], points: Sequence[DesignPoint]) -> Iterator[FactorPair | str]:
        """The pairs of factors that are crossed, and a note on each interaction that rests on a part of the points."""
        del factors, points
        return iter(())

    def columns(self, factors: Sequence[Factor], points: Sequence[DesignPoint]) -> tuple[Column, ...]:
        """The orthogonal contrasts, one fewer than design points, that divide the sum of squares; none without them."""
        del factors, points
        return ()

    def compared_point(self, factors: Sequence[Factor], points: Sequence[DesignPoint]) -> int | None:
        """The row of the point that the others are compared with, which is the baseline; None where it was dropped."""
        return next((row for row, point in enumerate(points) if point.is_baseline(factors)), None)

    def refusal(self, layout: Layout, factor: str, levels: tuple[str, str]) -> str | None:
        """Says why the contrast of these two levels cannot be estimated; None where it can."""
        if layout.settings(factor, *levels):
            return None
        return f"{factor}: no two design points differ in {' against '.join(levels)} alone"

    def aliased(
        self, factors: Sequence[Factor], points: Sequence[DesignPoint], compared: Sequence[str], held: Sequence[str]
    ) -> str | None:
        """Says which effects cannot be told from that of the compared factors at levels of the held ones; None: none.

        That takes every interaction of the compared factors with some of the held ones, and the effect itself.
        """
        del factors, points, compared, held
        return None

    def cost(self, layout: Layout, dropped: int) -> str:
        """Says what it costs that `exclude` dropped points, leaving this layout.

        Raises:
            DesignError: the design cannot spare a point.
        """
        planned = len(layout.points) + dropped
        return f"`exclude` drops {dropped} of {planned} design points."

    def refuse_resolution(self, resolution: int | None) -> None:
        """Refuses a resolution; called by a design that has none.

        Raises:
            DesignError: a resolution was asked for.
        """
        if resolution is not None:
            raise DesignError(
                f"`study.resolution` is {resolution}, and `design: {self.name}` has no resolution. Leave it out, set "
                "`study.resolution=null`, or use a design that has one: `design: fractional`."
            )

    def require_two_levels(self, factors: Sequence[Factor]) -> None:
        """Refuses factors of more than two levels.

        Raises:
            DesignError: names the first such factor, and how to leave levels out.
        """
        for factor in factors:
            if len(factor.others) > 1:
                surplus = ", ".join(f"{{{factor.name}: {level}}}" for level in factor.others[1:])
                raise DesignError(
                    f"`design: {self.name}` needs factors of two levels, and {factor.name!r} has "
                    f"{len(factor.levels)}: {', '.join(factor.levels)}. Keep its reference and one other level "
                    f"by excluding the rest (`exclude: [{surplus}]`), or use `design: one_at_a_time`."
                )

    def refuse_size(self, points: int) -> None:
        """Refuses a design of more points than any study can train.

        Raises:
            DesignError: there are more than `MAX_POINTS`.
        """
        if points > MAX_POINTS:
            raise DesignError(
                f"`design: {self.name}` makes {points} design points of these factors, and {MAX_POINTS} is "
                "the most. Use fewer factors or levels, a lower `study.resolution`, or `design: one_at_a_time`."
            )
