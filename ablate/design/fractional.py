"""A regular fraction of the two-level factorial."""

import itertools
from collections.abc import Iterator, Sequence
from typing import final

from ablate.config.spec import Factor
from ablate.design._base import Design
from ablate.design.aliasing import Aliasing
from ablate.design.column import Column, two_level_columns
from ablate.design.estimable import Estimable, main_effect, not_estimable
from ablate.design.factor_pair import FactorPair, pairs_of_columns
from ablate.design.fraction_catalogue import MOST_FACTORS, generators
from ablate.design.layout import Layout
from ablate.design.point import DesignPoint
from ablate.errors import DesignError

RESOLUTIONS = range(3, 8)
"""III confounds main effects with two-factor interactions; VII keeps everything up to order three apart."""


@final
class Fractional(Design):
    """The smallest regular two-level fraction of at least the resolution asked for, with the baseline in it.

    Of the fractions of that size it has minimum aberration: as few words of the shortest length as there can be, then
    of the next. Of those with the same words up to sign, exactly one contains the baseline. The points are sorted,
    reference level first, the last factor changing fastest.
    """

    name = "fractional"
    crosses_factors = True
    is_fraction = True

    def layout(self, factors: Sequence[Factor], *, resolution: int | None = None) -> Layout:
        """Picks the fraction, and computes its alias structure."""
        asked = _checked(resolution)
        self.require_two_levels(factors)
        rows = sorted(_rows(len(factors), asked))
        self.refuse_size(len(rows))
        aliasing = Aliasing.of([f.name for f in factors], rows)
        reached = aliasing.resolution
        if reached is None:
            note = f"No smaller fraction has resolution {asked}: all {len(rows)} cells are design points."
        else:
            cells = 2 ** len(factors)
            note = f"{len(rows)} of {cells} cells, resolution {reached}: aliased effects cannot be told apart."
        return Layout(
            factors=tuple(factors),
            points=tuple(_point(factors, row) for row in rows),
            generators=aliasing.generators,
            words=aliasing.defining(),
            aliases=tuple(aliasing.word(chain) for chain in aliasing.chains()),
            resolution=reached,
            notes=(note,),
        )

    def cost(self, layout: Layout, dropped: int) -> str:
        """Refuses: without a point the columns are not orthogonal, and the alias structure does not hold."""
        raise DesignError(
            f"`exclude` drops {dropped} of {len(layout.points) + dropped} points of a fraction, and its "
            "alias structure holds for the whole of it only. Remove that entry, or use `design: factorial`."
        )

    def estimable(self, layout: Layout) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Says which effects can be estimated, and which are aliased with each other."""
        resolution = layout.resolution
        if resolution is None:
            names = ", ".join(f.name for f in layout.factors)
            return (f"main effects of {names}", "interactions of 2 and more factors"), ()
        aliasing = _aliasing(layout.factors, layout.points)
        mains, pairs = aliasing.clear(1), aliasing.clear(2)
        can: list[str] = []
        if mains:
            can.append(f"main effects of {', '.join(mains)}{_given(resolution - 1)}")
        if resolution >= 5:
            highest = (resolution - 1) // 2
            orders = range(2, highest + 1)
            can.extend(f"interactions of {order} factors{_given(resolution - order)}" for order in orders)
            return tuple(can), (f"interactions of {highest + 1} and more factors",)
        if pairs:
            can.append(f"interactions {', '.join(pairs)}{_given(resolution - 2)}")
        apart = (f"apart from each other: {line}" for line in layout.aliases)
        return tuple(can), (*apart, "interactions of 3 and more factors")

    def refusal(self, layout: Layout, factor: str, levels: tuple[str, str]) -> str | None:
        """Says which two-factor interactions are aliased with this main effect; None where none is."""
        aliasing = _aliasing(layout.factors, layout.points)
        for chain in aliasing.chains():
            if chain[0] == (aliasing.names.index(factor),):
                contrast = f"{factor}: {' against '.join(levels)}"
                return f"{contrast} is aliased with two-factor interactions ({aliasing.word(chain)})"
        return None

    def aliased(
        self, factors: Sequence[Factor], points: Sequence[DesignPoint], compared: Sequence[str], held: Sequence[str]
    ) -> str | None:
        """Names the effects of no higher order, and the main effects and interactions of two factors, among aliases."""
        aliasing = _aliasing(factors, points)
        base = tuple(aliasing.names.index(name) for name in compared)
        others = tuple(aliasing.names.index(name) for name in held)
        found = [
            line
            for size in range(len(others) + 1)
            for more in itertools.combinations(others, size)
            if (line := aliasing.sharing(tuple(sorted((*base, *more)))))
        ]
        return "; ".join(found) or None

    def contrasts(self, factors: Sequence[Factor], points: Sequence[DesignPoint]) -> Iterator[Estimable | str]:
        """Main effects: half of the points against the other half."""
        aliases = _main_aliases(factors, points)
        for factor, level in ((f, level) for f in factors for level in f.others):
            arm = [row for row, point in enumerate(points) if point.levels[factor.name] == level]
            reference = [row for row, point in enumerate(points) if point.levels[factor.name] == factor.reference]
            if arm and reference:
                yield main_effect(
                    factor.name,
                    level,
                    factor.reference,
                    arm=arm,
                    reference=reference,
                    aliases=aliases.get(factor.name, ""),
                )
            else:
                yield not_estimable(factor.name, level, factor.reference)

    def factor_pairs(self, factors: Sequence[Factor], points: Sequence[DesignPoint]) -> Iterator[FactorPair | str]:
        """The columns whose effect of lowest order is an interaction of two factors."""
        return pairs_of_columns(factors, points, self.columns(factors, points))

    def columns(self, factors: Sequence[Factor], points: Sequence[DesignPoint]) -> tuple[Column, ...]:
        """All columns; effects that share one have one entry."""
        return two_level_columns(factors, points)


def _given(order: int) -> str:
    """The assumption under which an effect can be estimated: what it is aliased with is negligible."""
    return f", where interactions of {max(3, order)} and more factors are negligible"


def _rows(factors: int, resolution: int) -> list[tuple[int, ...]]:
    """The fraction as rows of 0 (reference) and 1, the row of zeros among them."""
    if resolution > factors:
        return list(itertools.product((0, 1), repeat=factors))
    columns = generators(factors, resolution)
    if columns is None:
        raise DesignError(
            f"No fraction of {factors} factors at resolution {resolution} is known to have minimum aberration: the "
            f"catalogue goes to {MOST_FACTORS[resolution]} factors. Set a lower `study.resolution`, or use "
            "`design: one_at_a_time`."
        )
    base = factors - len(columns)
    return [
        (*levels, *(sum(itertools.compress(levels, map(int, f"{column:0{base}b}"[::-1]))) % 2 for column in columns))
        for levels in itertools.product((0, 1), repeat=base)
    ]


def _checked(resolution: int | None) -> int:
    if resolution is not None and resolution in RESOLUTIONS:
        return resolution
    said = "is not set" if resolution is None else f"is {resolution}"
    raise DesignError(
        f"`design: fractional` needs a resolution, and `study.resolution` {said}. Valid: 3 to 7. "
        "Set `study.resolution=5`, which keeps main effects and two-factor interactions apart (4: main "
        "effects apart from two-factor interactions; 3: main effects apart from each other only)."
    )


def _point(factors: Sequence[Factor], row: Sequence[int]) -> DesignPoint:
    levels = {f.name: f.others[0] if flip else f.reference for f, flip in zip(factors, row, strict=True)}
    return DesignPoint(levels=levels)


def _aliasing(factors: Sequence[Factor], points: Sequence[DesignPoint]) -> Aliasing:
    """The alias structure of the points."""
    rows = [[int(p.levels[f.name] != f.reference) for f in factors] for p in points]
    return Aliasing.of([f.name for f in factors], rows)


def _main_aliases(factors: Sequence[Factor], points: Sequence[DesignPoint]) -> dict[str, str]:
    """Factor → the aliases of its main effect; none without the baseline, which defines their signs."""
    if not any(point.is_baseline(factors) for point in points):
        return {}
    aliasing = _aliasing(factors, points)
    return {aliasing.names[chain[0][0]]: aliasing.word(chain) for chain in aliasing.chains() if len(chain[0]) == 1}
