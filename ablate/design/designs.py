"""The designs there are, and how a study is laid out by one of them."""

import dataclasses
from collections.abc import Mapping

from ablate.config.spec import StudySpec
from ablate.design._base import DesignRule
from ablate.design.claims import check_claims
from ablate.design.exclusion import check_exclude, drop_points, leave_out_levels
from ablate.design.factorial import Factorial
from ablate.design.factors import check_factors
from ablate.design.fractional import Fractional
from ablate.design.layout import Layout
from ablate.design.leave_one_out import LeaveOneOut
from ablate.design.one_at_a_time import OneAtATime
from ablate.errors import DesignError, unknown

DESIGNS: Mapping[str, DesignRule] = {
    "factorial": Factorial(),
    "one_at_a_time": OneAtATime(),
    "leave_one_out": LeaveOneOut(),
    "fractional": Fractional(),
}


def lay_out(spec: StudySpec) -> Layout:
    """Picks the study's design points: none, where it states identities and has no factor.

    Raises:
        DesignError: the factors, the design, the exclusions or the claims do not fit together.
    """
    if spec.design not in DESIGNS:
        raise DesignError(unknown("design", spec.design, DESIGNS))
    rule = DESIGNS[spec.design]
    if spec.identities and not spec.factors:
        nothing = Layout(factors=(), points=())
        check_exclude((), spec.exclude)
        check_claims(rule, nothing, spec)
        return nothing
    check_factors(spec.factors)
    check_exclude(spec.factors, spec.exclude)
    factors, left_out = leave_out_levels(spec.factors, spec.exclude)
    whole = rule.layout(factors, resolution=spec.resolution)
    layout = drop_points(rule, dataclasses.replace(whole, notes=(*left_out, *whole.notes)), spec.exclude)
    check_claims(rule, layout, spec)
    return layout


def estimable(spec: StudySpec) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Words what the study's design can estimate, and what it cannot.

    Raises:
        DesignError: the study cannot be laid out.
    """
    return DESIGNS[spec.design].estimable(lay_out(spec))
