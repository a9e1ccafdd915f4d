"""The registry of designs, and the layout of a study."""

import dataclasses
from collections.abc import Mapping

from ablate.config.spec import StudySpec
from ablate.design._base import Design
from ablate.design.claims import check_claims, refuse_claims
from ablate.design.exclusion import check_exclude, drop_points, leave_out_levels
from ablate.design.factorial import Factorial
from ablate.design.factors import check_factors
from ablate.design.fractional import Fractional
from ablate.design.layout import Layout
from ablate.design.leave_one_out import LeaveOneOut
from ablate.design.one_at_a_time import OneAtATime
from ablate.errors import DesignError, unknown

DESIGNS: Mapping[str, Design] = {
    design.name: design
    for design in (
        Factorial(),
        OneAtATime(),
        LeaveOneOut(),
        Fractional(),
    )
}


def design_of(spec: StudySpec) -> Design:
    """The study's design.

    Raises:
        DesignError: the study names no design, or an unknown one.
    """
    if not spec.design:
        raise DesignError(
            "study.design is missing: every study needs it, but one that has identities and no factors. Valid: "
            f"{', '.join(sorted(DESIGNS))}."
        )
    if spec.design not in DESIGNS:
        raise DesignError(unknown("study.design", spec.design, DESIGNS))
    return DESIGNS[spec.design]


def lay_out(spec: StudySpec) -> Layout:
    """Picks the study's design points; none for a study of identities without factors.

    Raises:
        DesignError: the factors, the design, the exclusions or the claims do not fit together.
    """
    if spec.identities and not spec.factors:
        check_exclude((), spec.exclude)
        refuse_claims(spec)
        return Layout(factors=(), points=())
    design = design_of(spec)
    check_factors(spec.factors)
    check_exclude(spec.factors, spec.exclude)
    factors, left_out = leave_out_levels(spec.factors, spec.exclude)
    whole = design.layout(factors, resolution=spec.resolution)
    layout = drop_points(design, dataclasses.replace(whole, notes=(*left_out, *whole.notes)), spec.exclude)
    check_claims(design, layout, spec)
    return layout


def estimable(spec: StudySpec) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the study's design can estimate, and what it cannot: a phrase each.

    Raises:
        DesignError: the study cannot be laid out.
    """
    return design_of(spec).estimable(lay_out(spec))
