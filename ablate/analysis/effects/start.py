"""How many parameters the arms of a contrast have in common, and how many of them start equal."""

import math
from collections.abc import Sequence
from dataclasses import replace

from ablate.analysis.summary import Contrast
from ablate.design import DesignPoint
from ablate.design.estimable import Estimable
from ablate.store.starts import PointStart, Start


def with_starts(
    estimated: Sequence[Contrast],
    planned: Sequence[Estimable],
    points: Sequence[DesignPoint],
    starts: Sequence[PointStart],
) -> tuple[Contrast, ...]:
    """The contrasts with what their arms share: of several pairs of design points, the pair with the smallest share.

    Args:
        estimated: the contrasts.
        planned: what each of them estimates.
        points: of the study.
        starts: of its networks, in any order; matched by levels.
    """
    by_levels = {frozenset(one.levels.items()): one.start for one in starts}
    return tuple(
        _with_start(contrast, plan, points, by_levels) for contrast, plan in zip(estimated, planned, strict=True)
    )


def _with_start(
    contrast: Contrast,
    planned: Estimable,
    points: Sequence[DesignPoint],
    starts: dict[frozenset[tuple[str, str]], Start],
) -> Contrast:
    references = {frozenset(points[row].levels.items()) for row in planned.reference}
    found: list[tuple[int, int]] = []
    for row in planned.arm:
        mine, other = points[row].levels, {**points[row].levels, **planned.against}
        key = frozenset(other.items())
        if key in references and key in starts and frozenset(mine.items()) in starts:
            found.append(shared(starts[frozenset(mine.items())], starts[key]))
    if not found or planned.kind == "interaction":
        return contrast
    common, equal = min(found, key=lambda pair: pair[1] / pair[0] if pair[0] else 1.0)
    return replace(contrast, shared_parameters=common, equal_parameters=equal)


def shared(one: Start, other: Start) -> tuple[int, int]:
    """The number of parameters of the same name and shape in two networks, and of those that start equal."""
    both = [name for name in one if name in other and one[name].shape == other[name].shape]
    sizes = {name: math.prod(one[name].shape) for name in both}
    return sum(sizes.values()), sum(sizes[name] for name in both if one[name].digest == other[name].digest)
