"""The baseline, and one factor changed at a time."""

from collections.abc import Sequence
from typing import final

from ablate.config.spec import Factor
from ablate.design._base import DesignRule, refuse_resolution
from ablate.design.layout import Layout
from ablate.design.point import DesignPoint


@final
class OneAtATime(DesignRule):
    """The baseline, then each other level of each factor on its own: 1 + Σ (levels − 1) points."""

    def layout(self, factors: Sequence[Factor], *, resolution: int | None = None) -> Layout:
        """Picks the baseline, then the changes in the order of the factors and of their levels."""
        refuse_resolution("one_at_a_time", resolution)
        baseline = {f.name: f.reference for f in factors}
        changed = [{**baseline, f.name: level} for f in factors for level in f.others]
        return Layout(factors=tuple(factors), points=tuple(DesignPoint(levels=p) for p in (baseline, *changed)))

    def estimable(self, layout: Layout) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Words the comparisons with the baseline, and the lack of interactions."""
        alone = len(layout.factors) == 1
        held = "" if alone else ", with every other factor at its reference"
        can = tuple(f"{f.name}: {', '.join(f.others)} against {f.reference}{held}" for f in layout.factors)
        if alone:
            return can, ()
        return can, (
            "main effects averaged over the levels of the other factors",
            "interactions: no design point changes two factors",
        )
