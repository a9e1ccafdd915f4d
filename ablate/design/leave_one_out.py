"""Every factor changed, and one factor at a time put back to its reference."""

from collections.abc import Iterator, Sequence
from typing import final

from ablate.config.spec import Factor
from ablate.design._base import Design
from ablate.design.estimable import Estimable, not_estimable, simple_effect
from ablate.design.layout import Layout
from ablate.design.point import DesignPoint, cell, rows_by_cell


@final
class LeaveOneOut(Design):
    """The point with every factor changed, then each factor put back to its reference: 1 + factors points.

    The baseline is not among the points, unless there is one factor only.
    """

    name = "leave_one_out"

    def layout(self, factors: Sequence[Factor], *, resolution: int | None = None) -> Layout:
        """Picks the changed point, then the point that puts each factor back, in the order of the factors."""
        self.refuse_resolution(resolution)
        self.require_two_levels(factors)
        changed = {f.name: f.others[0] for f in factors}
        left_out = [{**changed, f.name: f.reference} for f in factors]
        return Layout(factors=tuple(factors), points=tuple(DesignPoint(levels=p) for p in (changed, *left_out)))

    def estimable(self, layout: Layout) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Says that factors are compared at the changed point, and that interactions cannot be estimated."""
        alone = len(layout.factors) == 1
        shared = {f.others[0] for f in layout.factors}
        others = f"at {shared.pop()}" if len(shared) == 1 else "changed from its reference"
        held = "" if alone else f", with every other factor {others}"
        can = tuple(f"{f.name}: {f.others[0]} against {f.reference}{held}" for f in layout.factors)
        if alone:
            return can, ()
        return can, (
            "main effects averaged over the levels of the other factors",
            "interactions: no design point puts two factors back",
        )

    def contrasts(self, factors: Sequence[Factor], points: Sequence[DesignPoint]) -> Iterator[Estimable | str]:
        """The point with every factor changed against each point that puts one factor back."""
        rows = rows_by_cell(points)
        changed = _changed(factors, points)
        if not changed:
            yield "No contrast can be estimated: the design lacks the point that has every factor changed."
        for factor in factors:
            for row in changed:
                levels = points[row].levels
                put_back = rows.get(cell({**levels, factor.name: factor.reference}))
                if put_back is None:
                    yield not_estimable(factor.name, levels[factor.name], factor.reference)
                else:
                    yield simple_effect(points, row, put_back, factor.name)

    def compared_point(self, factors: Sequence[Factor], points: Sequence[DesignPoint]) -> int | None:
        """The row of the point with every factor changed; None unless there is exactly one."""
        changed = _changed(factors, points)
        return changed[0] if len(changed) == 1 else None


def _changed(factors: Sequence[Factor], points: Sequence[DesignPoint]) -> list[int]:
    """The rows of the points that have no factor at its reference level."""
    return [row for row, p in enumerate(points) if all(p.levels[f.name] != f.reference for f in factors)]
