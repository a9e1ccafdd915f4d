"""A claim, as the analysis reads it."""

import math

from ablate.analysis.summary import TEST_FROM
from ablate.config.spec import Better, Claim, Response, StudySpec
from ablate.errors import ConfigError

MINUS = "−"


def sides(claim: Claim) -> tuple[str, str]:
    """What a claim compares, in words: the arm and its reference.

    Two levels of a factor; for an interaction the difference at each level of the second factor; for a design point its
    levels and the stated number.
    """
    if claim.value is not None:
        return claim.place, f"{claim.value:g}"
    if not claim.interaction:
        return next(iter(claim.contrast.values()))
    (one, other), levels = claim.interaction.values()
    return f"{one} {MINUS} {other} at {levels[0]}", f"{one} {MINUS} {other} at {levels[1]}"


def where(claim: Claim) -> str:
    """Where a contrast or an interaction is said to hold: ` at layers=10`, ` across data`; empty where nothing is."""
    at = f" at {claim.place}" if claim.at and claim.value is None else ""
    return f"{at} across {claim.across}" if claim.across else at


def unit(claim: Claim, count: int = 0) -> str:
    """What n counts: replicates, or data sets for a claim across them; of one, without its s."""
    name = "data set" if claim.across else "replicate"
    return name if count == 1 else f"{name}s"


def direction(claim: Claim, *, better: Better) -> int:
    """The sign of a difference, arm − reference, that supports the claim; +1 where it has no direction."""
    if claim.expect == "no_worse":
        return 1 if better == "higher" else -1
    return -1 if claim.expect == "less" else 1


def check_claim(claim: Claim, response: Response | None = None) -> None:
    """Refuses what states nothing: a contrast, an interaction or a value, a margin, a scale, an α.

    Args:
        claim: as stated.
        response: of which it is stated, where that is known: what it cannot have is then refused too.

    Raises:
        ConfigError: names the claim, what is wrong, and what is valid.
    """
    _check_kind(claim)
    said = f"The claim on {claim.subject}: {' vs '.join(sides(claim))}{where(claim)}"
    if not 0 < claim.alpha < 0.5:
        raise ConfigError(f"{said} has alpha: {claim.alpha:g}. Give one between 0 and 0.5, such as 0.05.")
    if not (math.isfinite(claim.margin) and claim.margin > 0):
        raise ConfigError(
            f"{said} has margin: {claim.margin_text}. Give the smallest difference that matters, in the response's "
            f"units: more than 0. Its direction is in `expect`, which is {claim.expect!r}."
        )
    if claim.relative and claim.scale != "identity":
        ratio = f"; on the log scale that is margin: {math.log1p(claim.margin):.3g}" if claim.scale == "log" else ""
        raise ConfigError(
            f"{said} has margin: {claim.margin_text} and scale: {claim.scale}. A share of the baseline's mean goes "
            f"with scale: identity; on another scale, give the margin in its units{ratio}."
        )
    if claim.across:
        _check_across(claim, said)
    if response is not None:
        _check_response(claim, response, said)


def _check_kind(claim: Claim) -> None:
    """Refuses a claim that is of no kind, or of two."""
    write = "Write contrast: {factor: [level, against]}"
    kinds = [name for name in ("contrast", "interaction") if getattr(claim, name)]
    kinds += ["value"] if claim.value is not None else []
    if len(kinds) > 1:
        raise ConfigError(f"A claim has {' and '.join(kinds)}. Give each a claim of its own.")
    if claim.expect == "value" and claim.value is None:
        raise ConfigError(
            "A claim expects a value and states none. Write {at: {factor: level, …}, expect: value, value: 0.9, "
            "margin: 0.01}, with a level of every factor."
        )
    if claim.value is not None:
        if claim.expect != "value":
            raise ConfigError(
                f"A claim has value: {claim.value:g} and expect: {claim.expect}. A design point's mean is compared "
                "with a number by expect: value; greater, less, equivalent and no_worse compare two arms."
            )
        if not math.isfinite(claim.value):
            raise ConfigError(f"A claim has value: {claim.value}. Give a finite number.")
    elif claim.interaction:
        if len(claim.interaction) != 2:
            raise ConfigError(
                f"An interaction is claimed of two factors; this one names {len(claim.interaction)}: "
                f"{', '.join(claim.interaction)}. Write interaction: {{factor: [level, against], other: [level, "
                "against]}."
            )
        if claim.expect == "no_worse":
            raise ConfigError(
                f"A claim on the interaction {claim.subject} expects no_worse, and a difference of differences is "
                "neither better nor worse. Expect greater, less or equivalent."
            )
    elif len(claim.contrast) != 1:
        raise ConfigError(
            f"A claim is about two levels of one factor; this one names {len(claim.contrast)} factors"
            f"{': ' * bool(claim.contrast)}{', '.join(claim.contrast)}. {write}, "
            "and a claim for each factor."
        )


def _check_across(claim: Claim, said: str) -> None:
    """Refuses what is not known of a claim across data sets."""
    if not claim.contrast:
        raise ConfigError(
            f"{said}: across goes with a contrast of two arms, which has one difference on each data set. "
            "Leave it out, or state a contrast."
        )
    if claim.relative:
        raise ConfigError(
            f"{said} has margin: {claim.margin_text}, a share of the baseline's mean, which is that of one data set. "
            f"Write scale: log with margin: {math.log1p(claim.margin):.3g}, which is a ratio on each data set, or give "
            "the margin in the response's units."
        )


def _check_response(claim: Claim, response: Response, said: str) -> None:
    """Refuses a margin, a value or a scale that does not go with the response."""
    low, high = response.bounds
    if response.is_accuracy and claim.scale == "identity" and not claim.relative and claim.margin >= 1:
        raise ConfigError(
            f"{said} has margin: {claim.margin:g}, but {response.name} lies between 0 and 1, where no two arms differ "
            "by more than 1. Give the margin as a fraction: one point of accuracy is 0.01."
        )
    declare = "range: {} beside the response, objective.responses.NAME.range (or study.response.range)"
    if claim.scale == "logit" and (low, high) != (0.0, 1.0):
        raise ConfigError(
            f"{said} has scale: logit, and {response.name} is not known to be a share between 0 and 1. Use scale: "
            f"identity{' or log' if low == 0 else ''}; or if it is one, say so: {declare.format('[0, 1]')}."
        )
    if claim.scale == "log" and (low is None or low < 0 or high is not None):
        other = "scale: logit" if (low, high) == (0.0, 1.0) else "scale: identity"
        positive = "" if high is not None else f"; or if it is always positive, say so: {declare.format('[0, null]')}"
        raise ConfigError(
            f"{said} has scale: log, and {response.name} may be 0 or negative as far as is known, which has no "
            f"logarithm. Use {other}{positive}."
        )
    if claim.across and claim.scale == "identity" and None in (low, high):
        raise ConfigError(
            f"{said}: {response.name} has the units of each data set, as far as is known, so that differences on "
            "several cannot be compared. Use scale: log, on which a difference is a ratio (margin: 0.0953 is one of "
            "1.1), or a response between two bounds, such as an accuracy; if it lies between some, say so: "
            f"{declare.format('[0, 1]')}."
        )
    if claim.relative and (low is None or low < 0):
        raise ConfigError(
            f"{said} has margin: {claim.margin_text}, a share of the baseline's mean, and {response.name} may be "
            f"negative as far as is known. Give the margin in its units; or if it never is negative, say so: "
            f"{declare.format('[0, null]')}."
        )
    if claim.value is None:
        return
    inside = (low is None or claim.value >= low) and (high is None or claim.value <= high)
    on_edge = claim.scale != "identity" and claim.value in (low, high)
    if not inside or on_edge:
        ends = ("no least value" if low is None else f"{low:g}", "no largest" if high is None else f"{high:g}")
        raise ConfigError(
            f"{said} has value: {claim.value:g}, and {response.name} lies between {ends[0]} and {ends[1]}"
            f"{f'; scale: {claim.scale} takes a value strictly between' if on_edge else ''}. Give one that it can have."
        )


def check_replicates(spec: StudySpec, *, seen: int = 0) -> None:
    """Refuses claims that the study could not judge, however its trainings come out.

    Args:
        spec: the study, as it would be trained.
        seen: how many of its trials have a result; its claims are then frozen, and cannot be left out.

    Raises:
        ConfigError: says what would do.
    """
    if all(claim.across for claim in spec.claims) or spec.replicates >= TEST_FROM:
        return
    pilot = (
        ". To check that everything trains, run it with --quick. To look without a verdict, set 'study.claims=[]', and "
        f"seed={spec.seed + 1} with it, so that the study itself stays unseen (what is claimed after its first trial "
        "is exploratory)"
    )
    raise ConfigError(
        f"The study {spec.name!r} states claims, and a verdict takes {TEST_FROM} replicates: replicates="
        f"{spec.replicates} could never give one. Set replicates={TEST_FROM} or more{'' if seen else pilot}."
    )
