"""The contrast of a claim that says where it holds, of an interaction, or of one design point."""

import itertools
from collections.abc import Mapping, Sequence

from ablate.config.spec import Claim, Factor
from ablate.design._base import Design
from ablate.design.estimable import Estimable, contrast_name, interaction_name
from ablate.design.point import Cell, DesignPoint, cell

Points = Sequence[DesignPoint]
Corner = Mapping[str, str]


def claimed_at(design: Design, factors: Sequence[Factor], points: Points, claim: Claim) -> Estimable | str:
    """What a claim of one of these kinds compares, or why the design points do not carry it.

    A contrast `at` some levels is averaged over the settings of the factors that are neither compared nor held, as far
    as they have both levels; an interaction, over those that have all four combinations. In a fraction no two points
    differ in one factor: all of its points at these levels are taken, which is balanced where nothing is aliased.

    Args:
        design: of the study.
        factors: that the points are a layout of.
        points: of the study.
        claim: its factors and levels exist.
    """
    if claim.value is not None:
        return _of_value(factors, points, claim)
    corners = _corners(claim)
    if design.is_fraction and (why := design.aliased(factors, points, tuple(claim.compared), tuple(claim.at))):
        return f"{_said(claim)} is aliased: {why}"
    sides = [_rows(points, {**claim.at, **corner}, corner) for corner in corners]
    if not design.is_fraction:
        shared = set(sides[0]).intersection(*sides[1:])
        sides = [{setting: row for setting, row in side.items() if setting in shared} for side in sides]
    rows = [tuple(side.values()) for side in sides]
    if not all(rows):
        count = "two" if len(corners) == 2 else "four"
        return f"{_said(claim)}: no {count} design points differ in {' and '.join(claim.compared)} alone{_where(claim)}"
    levels, against = corners[0], corners[-1]
    if claim.contrast:
        return Estimable(
            name=contrast_name(claim.subject, *claim.contrast[claim.subject]),
            kind="simple",
            levels=levels,
            against=against,
            held=dict(claim.at),
            arm=rows[0],
            reference=rows[1],
        )
    # (both − the second alone) − (the first alone − neither), where "alone" is of the first levels that are named.
    both, second, first, neither = rows
    return Estimable(
        name=interaction_name(levels, against),
        kind="difference of differences",
        levels=levels,
        against=against,
        held=dict(claim.at),
        arm=both,
        reference=first,
        arm_less=second,
        reference_less=neither,
    )


def _of_value(factors: Sequence[Factor], points: Points, claim: Claim) -> Estimable | str:
    for row, point in enumerate(points):
        if all(point.levels[f.name] == claim.at.get(f.name) for f in factors):
            return Estimable(
                name=claim.place, kind="value", levels=dict(claim.at), against={}, held={}, arm=(row,), reference=()
            )
    return f"{claim.place} is not a design point"


def _corners(claim: Claim) -> tuple[Corner, ...]:
    """The levels on each side: the arm's and the reference's, or for an interaction all four combinations.

    Those of an interaction: arm and arm_less at the second factor's first level, which have the first factor's first
    level and its second; then the same at the second factor's second level.
    """
    if claim.contrast:
        ((factor, levels),) = claim.contrast.items()
        return tuple({factor: level} for level in levels)
    (one, ones), (other, others) = claim.interaction.items()
    return tuple({one: a, other: b} for b, a in itertools.product(others, ones))


def _rows(points: Points, wanted: Corner, compared: Corner) -> dict[Cell, int]:
    """Setting of the factors that are not compared → the row that has the wanted levels."""
    return {
        cell({name: level for name, level in point.levels.items() if name not in compared}): row
        for row, point in enumerate(points)
        if all(point.levels[name] == level for name, level in wanted.items())
    }


def _said(claim: Claim) -> str:
    if claim.contrast:
        return f"{claim.subject}: {' against '.join(claim.contrast[claim.subject])}{_where(claim)}"
    return f"the interaction of {' and '.join(claim.interaction)}{_where(claim)}"


def _where(claim: Claim) -> str:
    return f" at {claim.place}" if claim.at else ""
