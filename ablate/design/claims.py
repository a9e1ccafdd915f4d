"""The check that a layout can estimate the contrasts of all claims."""

from ablate.config.spec import Factor, StudySpec
from ablate.design._base import Design
from ablate.design.layout import Layout
from ablate.errors import DesignError, unknown, unknown_level


def check_claims(design: Design, layout: Layout, spec: StudySpec) -> None:
    """Refuses claims about contrasts that these design points cannot estimate.

    Raises:
        DesignError: names the claim's factor and levels, and why.
    """
    factors = {f.name: f for f in layout.factors}
    for claim in (*spec.claims, *spec.later):
        for name, levels in claim.contrast.items():
            if name not in factors:
                raise DesignError(f"In a claim: {unknown('factor', name, factors)}")
            for level in levels:
                _check_level(spec.factor(name), level, factors[name])
            if levels[0] == levels[1]:
                raise DesignError(
                    f"A claim compares level {levels[0]!r} of factor {name!r} with itself. Name two levels."
                )
            if why := design.refusal(layout, name, levels):
                raise DesignError(
                    f"The design cannot estimate what a claim asks. {why}. Remove the claim, exclude less, "
                    "or choose a design that can, such as `factorial`."
                )


def refuse_claims(spec: StudySpec) -> None:
    """Refuses every claim of a study without factors.

    Raises:
        DesignError: there is a claim; names its first factor.
    """
    for claim in (*spec.claims, *spec.later):
        for name in claim.contrast:
            raise DesignError(f"In a claim: {unknown('factor', name, ())}")


def _check_level(factor: Factor, level: str, left: Factor) -> None:
    if level not in factor.levels:
        known = unknown_level(f"level of factor {factor.name!r}", level, factor.levels)
        raise DesignError(f"In a claim: {known}")
    if level not in left.levels:
        raise DesignError(
            f"In a claim: `exclude` leaves out level {level!r} of factor {factor.name!r}. Exclude less, or "
            "remove the claim."
        )
