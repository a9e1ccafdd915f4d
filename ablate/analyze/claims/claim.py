"""A claim, as the analysis reads it."""

import math

from ablate.config.spec import Better, Claim, Response, StudySpec
from ablate.errors import ConfigError


def sides(claim: Claim) -> tuple[str, str]:
    """The levels that a claim compares: the arm and its reference."""
    return next(iter(claim.contrast.values()))


def direction(claim: Claim, *, better: Better) -> int:
    """The sign of a difference, arm − reference, that supports the claim; +1 where it has no direction."""
    if claim.expect == "no_worse":
        return 1 if better == "higher" else -1
    return -1 if claim.expect == "less" else 1


def check_claim(claim: Claim, response: Response | None = None) -> None:
    """Refuses a contrast, a margin or an α that states nothing.

    Args:
        claim: as stated.
        response: of which it is stated, where that is known: a margin that no accuracy can reach is then refused too.

    Raises:
        ConfigError: names the claim, the number, and what is valid.
    """
    if len(claim.contrast) != 1:
        raise ConfigError(
            f"A claim is about two levels of one factor; this one names {len(claim.contrast)} factors"
            f"{': ' * bool(claim.contrast)}{', '.join(claim.contrast)}. Write contrast: {{factor: [level, against]}}, "
            "and a claim for each factor."
        )
    said = f"The claim on {next(iter(claim.contrast))}: {' vs '.join(sides(claim))}"
    if not 0 < claim.alpha < 0.5:
        raise ConfigError(f"{said} has alpha: {claim.alpha:g}. Give one between 0 and 0.5, such as 0.05.")
    if not (math.isfinite(claim.margin) and claim.margin > 0):
        raise ConfigError(
            f"{said} has margin: {claim.margin:g}. Give the smallest difference that matters, in the response's "
            f"units: more than 0. Its direction is in `expect`, which is {claim.expect!r}."
        )
    if response is not None and is_fraction(response) and claim.margin >= 1:
        raise ConfigError(
            f"{said} has margin: {claim.margin:g}, but {response.name} lies between 0 and 1, where no two arms differ "
            "by more than 1. Give the margin as a fraction: one point of accuracy is 0.01."
        )


def is_fraction(response: Response) -> bool:
    """Whether a response is an accuracy between 0 and 1, and not in percent, judged by its trivial value."""
    return response.name.endswith("accuracy") and response.trivial is not None and 0 <= response.trivial <= 1


def check_replicates(spec: StudySpec, *, seen: int = 0) -> None:
    """Refuses claims that the study could not judge, however its trainings come out.

    Args:
        spec: the study, as it would be trained.
        seen: how many of its trials have a result; its claims are then frozen, and cannot be left out.

    Raises:
        ConfigError: says what would do.
    """
    from ablate.analyze.statistics.paired import TEST_FROM  # with NumPy, which showing a finished study does without

    if not spec.claims or spec.replicates >= TEST_FROM:
        return
    pilot = (
        f", or look without a verdict: 'study.claims=[]', and seed={spec.seed + 1} with it, so that the study itself "
        "stays unseen "
        "(what is claimed after its first trial is exploratory)"
    )
    raise ConfigError(
        f"The study {spec.name!r} states claims, and a verdict takes {TEST_FROM} replicates: replicates="
        f"{spec.replicates} could never give one. Set replicates={TEST_FROM} or more{'' if seen else pilot}."
    )
