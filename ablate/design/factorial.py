"""Every combination of the levels."""

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import final

from ablate.config.spec import Factor
from ablate.design._base import Design
from ablate.design.column import Column, two_level_columns
from ablate.design.estimable import Estimable, contrast_name, main_effect
from ablate.design.factor_pair import FactorPair, pairs_of_cells
from ablate.design.layout import Layout
from ablate.design.point import DesignPoint, cell, rows_by_cell


@final
class Factorial(Design):
    """Every combination of the levels: Π levels points, the last factor changing fastest."""

    name = "factorial"
    crosses_factors = True

    def layout(self, factors: Sequence[Factor], *, resolution: int | None = None) -> Layout:
        """Picks every combination, the baseline first."""
        self.refuse_resolution(resolution)
        self.refuse_size(math.prod(len(f.levels) for f in factors))
        names = [f.name for f in factors]
        cells = itertools.product(*((f.reference, *f.others) for f in factors))
        points = tuple(DesignPoint(levels=dict(zip(names, cell, strict=True))) for cell in cells)
        return Layout(factors=tuple(factors), points=points)

    def cost(self, layout: Layout, dropped: int) -> str:
        """Says whether the dropped cells leave the design unbalanced."""
        said = f"`exclude` drops {dropped} of {len(layout.points) + dropped} cells"
        if not layout.empty_cells:
            return f"{said}: the remaining levels are still crossed completely."
        return (
            f"{said}: the design is unbalanced, so there is no sum-of-squares table, and a main effect is "
            "taken over the settings of the other factors that have both of its levels."
        )

    def estimable(self, layout: Layout) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Says which main effects and interactions can be estimated, and which cannot because of empty cells."""
        can: list[str] = []
        cannot: list[str] = []
        for factor in layout.factors:
            for level in factor.others:
                settings = len(layout.settings(factor.name, level, factor.reference))
                contrast = f"{factor.name}: {level} against {factor.reference}"
                if settings:
                    can.append(f"{contrast}, {_over(settings, len(layout.factors))}")
                else:
                    cannot.append(f"{contrast}: no setting of the other factors has both")
        empty = layout.empty_cells
        if len(layout.factors) > 1 and not empty:
            can.append("interactions of 2 and more factors")
        for one, other in itertools.combinations(layout.factors, 2) if empty else ():
            have = {(p.levels[one.name], p.levels[other.name]) for p in layout.points}
            lack = [pair for pair in itertools.product(one.levels, other.levels) if pair not in have]
            if lack:
                pairs = ", ".join(f"{a} with {b}" for a, b in lack)
                cannot.append(f"the whole interaction of {one.name} and {other.name}: no design point has {pairs}")
            else:
                can.append(f"the interaction of {one.name} and {other.name}, as contrasts")
        if empty:
            cannot.append(f"a sum-of-squares table: {empty} cells are empty")
        return tuple(can), tuple(cannot)

    def contrasts(self, factors: Sequence[Factor], points: Sequence[DesignPoint]) -> Iterator[Estimable | str]:
        """Main effects, over the settings of the other factors that have both levels."""
        rows = rows_by_cell(points)
        # A level that `exclude` leaves out altogether makes no setting incomplete.
        sizes = {f.name: len({point.levels[f.name] for point in points}) for f in factors}
        for factor, level in ((f, level) for f in factors for level in f.others):
            pairs = [
                (row, rows.get(cell({**point.levels, factor.name: factor.reference})))
                for row, point in enumerate(points)
                if point.levels[factor.name] == level
            ]
            both = [(arm, reference) for arm, reference in pairs if reference is not None]
            name = contrast_name(factor.name, level, factor.reference)
            settings = math.prod(size for other, size in sizes.items() if other != factor.name)
            if not both:
                yield f"{name} cannot be estimated: no setting of the other factors has both levels."
                continue
            if len(both) < settings:
                yield f"{name} is averaged over the {len(both)} of {settings} settings that have both levels."
            arm, reference = zip(*both, strict=True)
            yield main_effect(factor.name, level, factor.reference, arm=arm, reference=reference)

    def factor_pairs(self, factors: Sequence[Factor], points: Sequence[DesignPoint]) -> Iterator[FactorPair | str]:
        """Every pair of factors."""
        return pairs_of_cells(factors, points)

    def columns(self, factors: Sequence[Factor], points: Sequence[DesignPoint]) -> tuple[Column, ...]:
        """All effects, where every factor has two levels and no cell is empty."""
        return two_level_columns(factors, points) if len(points) == 2 ** len(factors) else ()


def _over(settings: int, factors: int) -> str:
    if factors == 1:
        return "directly"
    return f"averaged over {settings} {'setting' if settings == 1 else 'settings'} of the other factors"
