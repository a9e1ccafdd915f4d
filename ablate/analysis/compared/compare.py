"""Compares two studies: their configuration and verdicts, and each effect and mean that both have."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ablate.analysis.compared.change import Change, changes
from ablate.analysis.compared.difference import Difference, Quantity, both_sides, difference, why_unpaired
from ablate.analysis.compared.side import Measured, Side
from ablate.analysis.compared.verdict_pair import VerdictPair, verdict_pairs
from ablate.config.spec import Better, Response
from ablate.design.estimable import Estimable
from ablate.design.point import cell, rows_by_cell

MEAN = "mean"


@dataclass(frozen=True, kw_only=True)
class Compared:
    """What differs between A and B. Every difference is B − A."""

    a: str
    b: str
    response: str
    """The response of all effects and means; empty: the two have none in common."""
    better: Better
    changes: tuple[Change, ...]
    verdicts: tuple[VerdictPair, ...]
    """One for each claim of either."""
    effects: tuple[Difference, ...]
    """One for each contrast that both estimate."""
    means: tuple[Difference, ...]
    """One for each design point that both have."""
    only_a: tuple[str, ...]
    """Contrasts and design points of A that B does not have."""
    only_b: tuple[str, ...]
    """Those of B that A does not have."""
    responses_a: tuple[str, ...]
    """Responses of A's trials that those of B do not have."""
    responses_b: tuple[str, ...]
    """Responses of B's trials that those of A do not have."""
    notes: tuple[str, ...]


def compare(a: Side, b: Side) -> Compared:
    """Compares two studies, or two sets of trials of one study.

    Contrasts and design points are matched by the names of factors and levels. What a level of the same name sets is
    among the changes, where it differs.
    """
    response, notes = _response(a, b)
    effects: list[Difference] = []
    means: list[Difference] = []
    only_a: list[str] = []
    only_b: list[str] = []
    if response is not None:
        one, other = (Measured(side, scored_as) for side, scored_as in zip((a, b), response, strict=True))
        effects, means = [*_effects(one, other)], [*_means(one, other)]
        only_a, only_b = _only(one, other), _only(other, one)
        if {cell(p.levels) for p in a.points} != {cell(p.levels) for p in b.points}:
            averaged = any(each.quantity.kind == "main effect" for each in effects)
            notes += (UNLIKE_POINTS,) if averaged else ()
    return Compared(
        a=a.name,
        b=b.name,
        response="" if response is None else response[0].name,
        better=(a.spec.response if response is None else response[0]).better,
        changes=changes(a, b),
        verdicts=verdict_pairs(a.verdicts, b.verdicts),
        effects=tuple(effects),
        means=tuple(means),
        only_a=tuple(only_a),
        only_b=tuple(only_b),
        responses_a=tuple(sorted(a.responses - b.responses)),
        responses_b=tuple(sorted(b.responses - a.responses)),
        notes=notes,
    )


UNLIKE_POINTS = (
    "The two do not have the same design points: a main effect is averaged over those of its own study, so that its "
    "difference is also one of the settings that it is averaged over."
)


def _response(a: Side, b: Side) -> tuple[tuple[Response, Response] | None, tuple[str, ...]]:
    """The response that both are compared on, as each of them scores it; and notes on that."""
    if not (a.points and b.points):
        return None, ("A study that trains nothing has no effect and no mean to compare.",)
    if a.spec.response.name == b.spec.response.name:
        return (a.spec.response, b.spec.response), ()
    stated = f"A states {a.spec.response.name}, and B {b.spec.response.name}"
    for side, other in ((a, b), (b, a)):
        if side.spec.response.name in other.responses:
            found = side.spec.response
            return (found, found), (f"{stated}: they are compared on {found.name}, which the trials of both have.",)
    return None, (f"{stated}, and neither is a response of the other: no effect and no mean is compared.",)


def _effects(a: Measured, b: Measured) -> Iterator[Difference]:
    of_b = {_key(estimable): estimable for estimable in b.contrasts}
    for one in a.contrasts:
        if (other := of_b.get(_key(one))) is None:
            continue
        sides_a, sides_b = a.sides(one), b.sides(other)
        both = both_sides(sides_a[0] - sides_a[1], sides_b[0] - sides_b[1], sides_a, sides_b)
        quantity = Quantity(name=one.name, kind=one.kind, levels=one.levels, against=one.against, held=one.held)
        yield difference(quantity, both, unpaired=why_unpaired(a, one.rows, b, other.rows, both))


def _means(a: Measured, b: Measured) -> Iterator[Difference]:
    rows = rows_by_cell(b.side.points)
    for row, point in enumerate(a.side.points):
        if (other := rows.get(cell(point.levels))) is None:
            continue
        both = both_sides(a.scores(row), b.scores(other), [a.scores(row)], [b.scores(other)])
        quantity = Quantity(name=str(point), kind=MEAN, levels=point.levels, against={}, held={})
        yield difference(quantity, both, unpaired=why_unpaired(a, [row], b, [other], both))


def _only(a: Measured, b: Measured) -> list[str]:
    keys, cells = {_key(estimable) for estimable in b.contrasts}, rows_by_cell(b.side.points)
    lacking: Sequence[Estimable] = [estimable for estimable in a.contrasts if _key(estimable) not in keys]
    points = [str(point) for point in a.side.points if cell(point.levels) not in cells]
    return [*dict.fromkeys(estimable.name for estimable in lacking), *points]


def _key(estimable: Estimable) -> object:
    """What makes two contrasts of two studies the same."""
    return estimable.kind, cell(estimable.levels), cell(estimable.against), cell(estimable.held)
