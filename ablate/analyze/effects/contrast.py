"""Which contrasts a design estimates, from the design points that are there after `exclude`."""

import math
from collections.abc import Iterator, Sequence

from ablate.analyze.effects.estimable import Estimable, contrast_name, main_effect, point_difference, simple_effect
from ablate.analyze.outcomes.outcome import Cell, cell
from ablate.config.spec import Factor, StudySpec
from ablate.design.point import DesignPoint
from ablate.errors import DesignError, unknown

Points = Sequence[DesignPoint]
Found = Iterator[Estimable | str]
"""Contrasts, and a note for each that the points do not carry wholly."""


def contrasts(spec: StudySpec, points: Points) -> tuple[tuple[Estimable, ...], tuple[str, ...]]:
    """Every level against its factor's reference, as far as the design points carry it.

    Returns:
        The contrasts in the order of the factors; notes on those that cannot be estimated, or only in part.

    Raises:
        DesignError: the study names no design that we know.
    """
    if spec.design not in DESIGNS:
        raise DesignError(unknown("design", spec.design, DESIGNS))
    found = list(DESIGNS[spec.design](spec, points))
    return (
        tuple(item for item in found if isinstance(item, Estimable)),
        tuple(item for item in found if isinstance(item, str)),
    )


def point_differences(spec: StudySpec, points: Points) -> tuple[Estimable | None, ...]:
    """Each design point against the one that the others are compared with; None for that one itself.

    That is the baseline or, in a leave-one-out design, the point that has every factor changed. None
    throughout where the design has no such point.
    """
    if spec.design == "leave_one_out":
        anchors = _changed(spec, points)
    else:
        anchors = [i for i, point in enumerate(points) if point.is_baseline(spec.factors)]
    if len(anchors) != 1:
        return (None,) * len(points)
    anchor = anchors[0]
    return tuple(point_difference(points, i, anchor) if i != anchor else None for i in range(len(points)))


def _factorial(spec: StudySpec, points: Points) -> Found:
    rows = _rows(points)
    # A level that `exclude` leaves out altogether makes no setting incomplete.
    sizes = {factor.name: len({point.levels[factor.name] for point in points}) for factor in spec.factors}
    for factor, level in _levels(spec):
        pairs = [
            (i, rows.get(cell({**point.levels, factor.name: factor.reference})))
            for i, point in enumerate(points)
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


def _one_at_a_time(spec: StudySpec, points: Points) -> Found:
    rows = _rows(points)
    baseline = {factor.name: factor.reference for factor in spec.factors}
    for factor, level in _levels(spec):
        arm, reference = rows.get(cell({**baseline, factor.name: level})), rows.get(cell(baseline))
        if arm is None or reference is None:
            yield _not_estimable(factor, level)
        else:
            yield simple_effect(points, arm, reference, factor.name)


def _leave_one_out(spec: StudySpec, points: Points) -> Found:
    rows, changed = _rows(points), _changed(spec, points)
    if not changed:
        yield "No contrast can be estimated: the design lacks the point that has every factor changed."
    for factor in spec.factors:
        for full in changed:
            put_back = rows.get(cell({**points[full].levels, factor.name: factor.reference}))
            if put_back is None:
                yield _not_estimable(factor, points[full].levels[factor.name])
            else:
                yield simple_effect(points, full, put_back, factor.name)


def _fractional(spec: StudySpec, points: Points) -> Found:
    for factor, level in _levels(spec):
        arm = [i for i, point in enumerate(points) if point.levels[factor.name] == level]
        reference = [i for i, point in enumerate(points) if point.levels[factor.name] == factor.reference]
        if not arm or not reference:
            yield _not_estimable(factor, level)
        else:
            yield main_effect(factor.name, level, factor.reference, arm=arm, reference=reference)


DESIGNS = {
    "factorial": _factorial,
    "one_at_a_time": _one_at_a_time,
    "leave_one_out": _leave_one_out,
    "fractional": _fractional,
}


def _levels(spec: StudySpec) -> Iterator[tuple[Factor, str]]:
    return ((factor, level) for factor in spec.factors for level in factor.others)


def _rows(points: Points) -> dict[Cell, int]:
    return {cell(point.levels): i for i, point in enumerate(points)}


def _changed(spec: StudySpec, points: Points) -> list[int]:
    """The points that have no factor at its reference level."""
    return [i for i, p in enumerate(points) if all(p.levels[f.name] != f.reference for f in spec.factors)]


def _not_estimable(factor: Factor, level: str) -> str:
    name = contrast_name(factor.name, level, factor.reference)
    return f"{name} cannot be estimated: the design lacks a design point that it needs."
