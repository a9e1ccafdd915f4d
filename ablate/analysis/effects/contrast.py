"""The contrasts that a study's design estimates from the design points left after `exclude`."""

from collections.abc import Sequence

from ablate.config.spec import StudySpec
from ablate.design import DesignPoint, design_of
from ablate.design.estimable import Estimable, point_difference

Points = Sequence[DesignPoint]


def contrasts(spec: StudySpec, points: Points) -> tuple[tuple[Estimable, ...], tuple[str, ...]]:
    """Every level against its factor's reference, where the design points allow it.

    Returns:
        The contrasts in the order of the factors; notes on those that cannot be estimated, or only in part.

    Raises:
        DesignError: the study names an unknown design.
    """
    found = list(design_of(spec).contrasts(spec.factors, points))
    return (
        tuple(item for item in found if isinstance(item, Estimable)),
        tuple(item for item in found if isinstance(item, str)),
    )


def point_differences(spec: StudySpec, points: Points) -> tuple[Estimable | None, ...]:
    """Each design point against the one that the design compares with the others; None for that one itself.

    None throughout where the design has no such point.
    """
    compared = design_of(spec).compared_point(spec.factors, points)
    if compared is None:
        return (None,) * len(points)
    return tuple(point_difference(points, row, compared) if row != compared else None for row in range(len(points)))
