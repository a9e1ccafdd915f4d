"""The check that a layout can estimate the contrasts of all claims."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ablate.config.spec import Claim, Factor, StudySpec, key_of
from ablate.design._base import Design
from ablate.design.claimed import claimed_at
from ablate.design.layout import Layout
from ablate.errors import DesignError, unknown, unknown_level


def check_claims(design: Design, layout: Layout, spec: StudySpec) -> None:
    """Refuses claims about contrasts that these design points cannot estimate.

    Raises:
        DesignError: names the claim's factor and levels, and why.
    """
    factors = {f.name: f for f in layout.factors}
    for claim in (*spec.claims, *spec.later):
        for name, levels in claim.compared.items():
            _check_levels(spec, factors, name, levels, "In a claim")
            if levels[0] == levels[1]:
                raise DesignError(
                    f"A claim compares level {levels[0]!r} of factor {name!r} with itself. Name two levels."
                )
        for name, level in claim.at.items():
            _check_levels(spec, factors, name, (level,), "In `at` of a claim")
            if name in claim.compared:
                raise DesignError(
                    f"A claim compares levels of {name!r} and holds it at {level!r}, too. Take {name!r} out of `at`."
                )
        _check_value(claim, factors)
        if claim.across:
            _check_across(design, layout, spec, claim)
            continue
        _check_baseline(design, layout, claim)
        if claim.contrast and not claim.at:
            ((name, levels),) = claim.contrast.items()
            why = design.refusal(layout, name, levels)
        else:
            found = claimed_at(design, layout.factors, layout.points, claim)
            why = found if isinstance(found, str) else None
        if why:
            raise DesignError(f"The design cannot estimate what a claim asks. {why}. {_remedy(design, claim)}")


def _check_across(design: Design, layout: Layout, spec: StudySpec, claim: Claim) -> None:
    """Refuses a claim across what are no data sets, or of which one lacks an arm."""
    factors = {f.name: f for f in layout.factors}
    where = f"The claim on {claim.text}"
    if claim.across not in factors:
        known = [name for name, factor in factors.items() if changes_data(factor)]
        listed = f"Of this study: {', '.join(known) or 'none'}"
        raise DesignError(
            f"{where}: {claim.across!r} is no factor of the study, and a claim across data sets takes one whose levels "
            f"are data sets. {listed}. Name one, sweep the group, as in data=digits,moons, or leave `across` out."
        )
    if not changes_data(spec.factor(claim.across)):
        raise DesignError(
            f"{where}: the levels of {claim.across!r} set nothing of `data`, and so are no data sets. Name a factor "
            "whose levels do, such as data=digits and data=moons, or leave `across` out."
        )
    for kind, names in (("compares", claim.compared), ("holds", claim.at)):
        if claim.across in names:
            raise DesignError(f"{where} {kind} levels of {claim.across!r}, too. Take it out of one of the two.")
    for level in factors[claim.across].levels:
        on = replace(claim, across="", at={**claim.at, claim.across: level})
        found = claimed_at(design, layout.factors, layout.points, on)
        if isinstance(found, str):
            raise DesignError(f"The design cannot estimate what a claim asks. {found}. {_remedy(design, on)}")


def changes_data(factor: Factor) -> bool:
    """Whether the levels of a factor are data sets: each that sets anything sets something of `data`."""
    keys = [[key_of(override) for override in overrides] for overrides in factor.levels.values() if overrides]
    return bool(keys) and all(any(key.split(".")[0] == "data" for key in of) for of in keys)


def _remedy(design: Design, claim: Claim) -> str:
    if claim.contrast and not claim.at:
        return "Remove the claim, exclude less, or choose a design that can, such as `factorial`."
    if design.is_fraction:
        return (
            "Set a higher `study.resolution` (5 keeps interactions of two factors apart, 7 those of three), or `design:"
            " factorial`, or remove the claim."
        )
    if not design.crosses_factors:
        return (
            f"`design: {design.name}` changes one factor at a time: choose `design: factorial`, name the levels that "
            "its points have, or remove the claim."
        )
    return "Exclude less, name levels that occur together, or remove the claim."


def _check_value(claim: Claim, factors: Mapping[str, Factor]) -> None:
    """Refuses a claim on one design point that does not say on which."""
    left = [f"{name}: {factor.reference}" for name, factor in factors.items() if name not in claim.at]
    if claim.value is not None and left:
        held = [f"{name}: {level}" for name, level in claim.at.items()]
        raise DesignError(
            "A claim with a `value` is about one design point, and says a level of every factor. Write, for instance, "
            f"at: {{{', '.join([*held, *left])}}}."
        )


def _check_baseline(design: Design, layout: Layout, claim: Claim) -> None:
    """Refuses a margin in percent where there is nothing that it is a share of."""
    if claim.relative and not any(point.is_baseline(layout.factors) for point in layout.points):
        raise DesignError(
            f"A claim has margin: {claim.margin_text}, a share of the baseline's mean, and `design: {design.name}` has "
            "no baseline among its points. Give the margin in the response's units, such as margin: 0.01."
        )


def refuse_claims(spec: StudySpec) -> None:
    """Refuses every claim of a study without factors.

    Raises:
        DesignError: there is a claim; names its first factor.
    """
    for claim in (*spec.claims, *spec.later):
        for name in claim.compared or claim.at or ("value",):
            raise DesignError(f"In a claim: {unknown('factor', name, ())}")


def _check_levels(spec: StudySpec, left: Mapping[str, Factor], name: str, levels: Sequence[str], where: str) -> None:
    if name not in left:
        raise DesignError(f"{where}: {unknown('factor', name, left)}")
    factor = spec.factor(name)
    for level in levels:
        if level not in factor.levels:
            raise DesignError(f"{where}: {unknown_level(f'level of factor {name!r}', level, factor.levels)}")
        if level not in left[name].levels:
            raise DesignError(
                f"{where}: `exclude` leaves out level {level!r} of factor {name!r}. Exclude less, or remove the claim."
            )
