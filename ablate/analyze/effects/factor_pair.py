"""Pairs of factors: which contrasts tell whether the effect of one depends on the level of the other."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ablate.analyze.effects.column import columns, interaction_name
from ablate.analyze.effects.estimable import Estimable, contrast_name
from ablate.analyze.outcomes.outcome import Cell, cell
from ablate.config.spec import Factor, StudySpec
from ablate.design.point import DesignPoint

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
    aliases: str = ""
    """As in `Contrast`."""


def factor_pairs(spec: StudySpec, points: Points) -> tuple[tuple[FactorPair, ...], tuple[str, ...]]:
    """The pairs of factors that the design crosses, with what the points carry of their interactions.

    In a fraction these are the columns whose effect of lowest order is an interaction of two factors. One that
    shares its column with a main effect, or with an interaction that stands before it, is not listed again.

    Returns:
        The pairs in the order of the factors; notes on interactions that cannot be estimated, or only in part.
    """
    if spec.design == "fractional":
        return tuple(_of_columns(spec, points)), ()
    crossed = itertools.combinations(spec.factors, 2) if spec.design == "factorial" else ()
    found = [item for one, other in crossed for item in _of_cells(one, other, points)]
    return (
        tuple(item for item in found if isinstance(item, FactorPair)),
        tuple(item for item in found if isinstance(item, str)),
    )


def _of_columns(spec: StudySpec, points: Points) -> Iterator[FactorPair]:
    found = columns(spec, points)
    clear = {column.factors for column in found if column.clear}
    for column in found:
        if len(column.factors) != 2:
            continue
        one, other = (spec.factor(name) for name in column.factors)
        alone = clear.issuperset({column.factors, (one.name,), (other.name,)})
        yield FactorPair(
            factors=(one.name, other.name),
            interactions=(column.estimable,),
            simple=tuple(_simple(one, other, points, matched=False)) if alone else (),
            aliases=column.aliases,
        )


def _of_cells(one: Factor, other: Factor, points: Points) -> Iterator[FactorPair | str]:
    rows = {cell(point.levels): row for row, point in enumerate(points)}
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
