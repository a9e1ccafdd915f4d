"""A claim, as the analysis reads it."""

import math

from ablate.config.spec import Better, Claim
from ablate.errors import ConfigError


def sides(claim: Claim) -> tuple[str, str]:
    """The levels that a claim compares: the arm, and what stands as its reference."""
    return next(iter(claim.contrast.values()))


def direction(claim: Claim, *, better: Better) -> int:
    """The sign of a difference, arm − reference, that speaks for the claim; +1 where it has no direction."""
    if claim.expect == "no_worse":
        return 1 if better == "higher" else -1
    return -1 if claim.expect == "less" else 1


def check_claim(claim: Claim) -> None:
    """Refuses a margin or an α that states nothing.

    Raises:
        ConfigError: names the claim, the number, and what is valid.
    """
    said = f"The claim on {next(iter(claim.contrast))}: {' vs '.join(sides(claim))}"
    if not 0 < claim.alpha < 0.5:
        raise ConfigError(f"{said} has alpha: {claim.alpha:g}. Give one between 0 and 0.5, such as 0.05.")
    least = "0 or more" if claim.expect in ("greater", "less") else "more than 0"
    if not (math.isfinite(claim.margin) and claim.margin >= 0) or (claim.margin == 0 and least != "0 or more"):
        raise ConfigError(
            f"{said} has margin: {claim.margin:g}. Give the smallest difference that matters, in the response's "
            f"units: {least}, because {claim.expect!r} is claimed."
        )
