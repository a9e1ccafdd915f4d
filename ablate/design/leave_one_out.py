"""Every factor changed, and one put back at a time."""

from collections.abc import Sequence
from typing import final

from ablate.config.spec import Factor
from ablate.design._base import DesignRule, refuse_resolution, require_two_levels
from ablate.design.layout import Layout
from ablate.design.point import DesignPoint


@final
class LeaveOneOut(DesignRule):
    """The point with every factor changed, then each factor put back to its reference: 1 + factors points.

    The baseline is not among the points, unless there is one factor only.
    """

    def layout(self, factors: Sequence[Factor], *, resolution: int | None = None) -> Layout:
        """Picks the changed point first, then what is left out, in the order of the factors."""
        refuse_resolution("leave_one_out", resolution)
        require_two_levels("leave_one_out", factors)
        changed = {f.name: f.others[0] for f in factors}
        left_out = [{**changed, f.name: f.reference} for f in factors]
        return Layout(factors=tuple(factors), points=tuple(DesignPoint(levels=p) for p in (changed, *left_out)))

    def estimable(self, layout: Layout) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Words the comparisons with the changed point, and the lack of interactions."""
        alone = len(layout.factors) == 1
        held = "" if alone else ", with every other factor changed from its reference"
        can = tuple(f"{f.name}: {f.others[0]} against {f.reference}{held}" for f in layout.factors)
        if alone:
            return can, ()
        return can, (
            "main effects averaged over the levels of the other factors",
            "interactions: no design point puts two factors back",
        )
