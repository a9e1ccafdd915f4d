"""Pairs of factors: the contrasts that estimate their interaction, and the simple effects."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ablate.config.spec import Factor
from ablate.design.column import Column
from ablate.design.estimable import Estimable, contrast_name, interaction_name
from ablate.design.point import Cell, DesignPoint, cell, rows_by_cell

Points = Sequence[DesignPoint]
Setting = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class FactorPair:
    """Two factors that are crossed in the design points."""

    factors: tuple[str, str]
    interactions: tuple[Estimable, ...]
    """Each level of the first with each of the second, both against their references: half of what the first's
    difference changes by when the second changes, which is the effect of the texts on two-level designs."""
    simple: tuple[Estimable, ...]
    """Each factor's levels against its reference, at each level of the other; empty where they are aliased with
    other main effects or two-factor interactions."""


def pairs_of_columns(factors: Sequence[Factor], points: Points, columns: Sequence[Column]) -> Iterator[FactorPair]:
    """The pairs of a regular fraction: the columns whose effect of lowest order is an interaction of two factors.

    One that shares its column with a main effect, or with an earlier interaction, is not listed again.
    """
    by_name = {factor.name: factor for factor in factors}
    clear = {column.factors for column in columns if column.clear}
    for column in columns:
        if len(column.factors) != 2:
            continue
        one, other = (by_name[name] for name in column.factors)
        alone = clear.issuperset({column.factors, (one.name,), (other.name,)})
        yield FactorPair(
            factors=(one.name, other.name),
            interactions=(column.estimable,),
            simple=tuple(_simple(one, other, points, matched=False)) if alone else (),
        )


def pairs_of_cells(factors: Sequence[Factor], points: Points) -> Iterator[FactorPair | str]:
    """Every pair of factors, and a note on each interaction that rests on a part of the points."""
    for one, other in itertools.combinations(factors, 2):
        yield from _of_cells(one, other, points)


def _of_cells(one: Factor, other: Factor, points: Points) -> Iterator[FactorPair | str]:
    rows = rows_by_cell(points)
    settings = dict.fromkeys(_held(point.levels, one, other) for point in points)
    interactions: list[Estimable] = []
    for first, second in itertools.product(_others(one, points), _others(other, points)):
        levels, against = {one.name: first, other.name: second}, {f.name: f.reference for f in (one, other)}
        name = interaction_name(levels, against)
        squares = [
            square for setting in settings if (square := _square(rows, dict(setting), levels, against)) is not None
        ]
        if not squares:
            yield f"{name} cannot be estimated: no setting of the other factors has all four combinations."
            continue
        if len(squares) < len(settings):
            share = f"the {len(squares)} of {len(settings)} settings"
            yield f"{name} is averaged over {share} that have all four combinations."
        interactions.append(
            Estimable(
                name=name,
                kind="interaction",
                levels=levels,
                against=against,
                held={},
                arm=tuple(row for square in squares for row in square[:2]),
                reference=tuple(row for square in squares for row in square[2:]),
            )
        )
    if interactions:
        yield FactorPair(
            factors=(one.name, other.name),
            interactions=tuple(interactions),
            simple=tuple(_simple(one, other, points, matched=True)),
        )


def _square(
    rows: Mapping[Cell, int], held: Setting, levels: Setting, against: Setting
) -> tuple[int, int, int, int] | None:
    """The points with both levels changed, with neither, with the first only, with the second only."""
    one, other = levels
    corners = (
        levels,
        against,
        {one: levels[one], other: against[other]},
        {one: against[one], other: levels[other]},
    )
    found = [rows.get(cell({**held, **corner})) for corner in corners]
    both, neither, first, second = found
    if both is None or neither is None or first is None or second is None:
        return None
    return both, neither, first, second


def _simple(one: Factor, other: Factor, points: Points, *, matched: bool) -> Iterator[Estimable]:
    """Each factor's levels against its reference, at each level of the other.

    Where `matched`, over the settings of the remaining factors that have both levels; a fraction has no two
    points that differ in one factor, and is balanced over all of its points instead.
    """
    for factor, held in ((one, other), (other, one)):
        for at, level in itertools.product((held.reference, *_others(held, points)), _others(factor, points)):
            sides = [
                {
                    _held(point.levels, factor, factor): row
                    for row, point in enumerate(points)
                    if point.levels[held.name] == at and point.levels[factor.name] == side
                }
                for side in (level, factor.reference)
            ]
            arm, reference = sides
            if matched:
                arm, reference = ({s: r for s, r in side.items() if s in arm and s in reference} for side in sides)
            if arm and reference:
                yield Estimable(
                    name=contrast_name(factor.name, level, factor.reference),
                    kind="simple",
                    levels={factor.name: level},
                    against={factor.name: factor.reference},
                    held={held.name: at},
                    arm=tuple(arm.values()),
                    reference=tuple(reference.values()),
                )


def _others(factor: Factor, points: Points) -> tuple[str, ...]:
    """The levels besides the reference that occur."""
    used = {point.levels[factor.name] for point in points}
    return tuple(level for level in factor.others if level in used)


def _held(levels: Setting, one: Factor, other: Factor) -> Cell:
    """The setting of all factors but these."""
    return cell({name: level for name, level in levels.items() if name not in (one.name, other.name)})
