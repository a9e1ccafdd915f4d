"""Every combination of the levels."""

import itertools
import math
from collections.abc import Sequence
from typing import final

from ablate.config.spec import Factor
from ablate.design._base import DesignRule, refuse_resolution, refuse_size
from ablate.design.layout import Layout
from ablate.design.point import DesignPoint


@final
class Factorial(DesignRule):
    """Every combination of the levels: Π levels points, the last factor changing fastest."""

    def layout(self, factors: Sequence[Factor], *, resolution: int | None = None) -> Layout:
        """Picks every combination, the baseline first."""
        refuse_resolution("factorial", resolution)
        refuse_size("factorial", math.prod(len(f.levels) for f in factors))
        names = [f.name for f in factors]
        cells = itertools.product(*((f.reference, *f.others) for f in factors))
        points = tuple(DesignPoint(levels=dict(zip(names, cell, strict=True))) for cell in cells)
        return Layout(factors=tuple(factors), points=points)

    def cost(self, layout: Layout, dropped: int) -> str:
        """Words the imbalance that dropped cells leave."""
        said = f"`exclude` drops {dropped} of {len(layout.points) + dropped} cells"
        if _empty(layout) == 0:
            return f"{said}: the remaining levels are still crossed completely."
        return (
            f"{said}: the design is unbalanced, so there is no sum-of-squares table, and a main effect is "
            "taken over the settings of the other factors that have both of its levels."
        )

    def estimable(self, layout: Layout) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Words main effects and interactions, and what empty cells take away from them."""
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
        empty = _empty(layout)
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


def _empty(layout: Layout) -> int:
    """How many combinations of the levels that occur are not in the layout."""
    return math.prod(len(f.levels) for f in layout.factors) - len(layout.points)


def _over(settings: int, factors: int) -> str:
    if factors == 1:
        return "directly"
    return f"averaged over {settings} {'setting' if settings == 1 else 'settings'} of the other factors"
