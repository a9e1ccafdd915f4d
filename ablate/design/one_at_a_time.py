"""The baseline, and one factor changed at a time."""

from collections.abc import Iterator, Sequence
from typing import final

from ablate.config.spec import Factor
from ablate.design._base import Design
from ablate.design.estimable import Estimable, not_estimable, simple_effect
from ablate.design.layout import Layout
from ablate.design.point import DesignPoint, cell, rows_by_cell


@final
class OneAtATime(Design):
    """The baseline, then each other level of each factor on its own: 1 + Σ (levels − 1) points."""

    name = "one_at_a_time"

    def layout(self, factors: Sequence[Factor], *, resolution: int | None = None) -> Layout:
        """Picks the baseline, then the changes in the order of the factors and of their levels."""
        self.refuse_resolution(resolution)
        baseline = {f.name: f.reference for f in factors}
        changed = [{**baseline, f.name: level} for f in factors for level in f.others]
        return Layout(factors=tuple(factors), points=tuple(DesignPoint(levels=p) for p in (baseline, *changed)))

    def estimable(self, layout: Layout) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Says that levels are compared at the baseline, and that interactions cannot be estimated."""
        alone = len(layout.factors) == 1
        held = "" if alone else ", with every other factor at its reference"
        can = tuple(f"{f.name}: {', '.join(f.others)} against {f.reference}{held}" for f in layout.factors)
        if alone:
            return can, ()
        return can, (
            "main effects averaged over the levels of the other factors",
            "interactions: no design point changes two factors",
        )

    def contrasts(self, factors: Sequence[Factor], points: Sequence[DesignPoint]) -> Iterator[Estimable | str]:
        """Each changed point against the baseline."""
        rows = rows_by_cell(points)
        baseline = {f.name: f.reference for f in factors}
        reference = rows.get(cell(baseline))
        for factor in factors:
            for level in factor.others:
                arm = rows.get(cell({**baseline, factor.name: level}))
                if arm is None or reference is None:
                    yield not_estimable(factor.name, level, factor.reference)
                else:
                    yield simple_effect(points, arm, reference, factor.name)
