"""The savings of a plan with looks: how many replicates a contrast takes until it is decided, by simulation."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ablate.analysis.claims.chances import Chances, chances
from ablate.analysis.claims.looks import Looks
from ablate.analysis.statistics.power import smallest, superiority
from ablate.analysis.statistics.student import Values
from ablate.config.spec import Expectation


@dataclass(frozen=True, kw_only=True)
class Usage:
    """The outcomes and replicates used for contrasts of one true effect."""

    effect_sd: float
    """In SDs of the differences; positive speaks for the claim."""
    replicates: float
    """Mean number until the contrast is decided or the plan ends."""
    replicates_se: float
    """Monte Carlo SE of that mean."""
    chances: Chances
    """Of each outcome, with the looks; simulated."""
    fixed: Chances
    """Of each outcome, with all replicates and one test at the plan's alpha; computed."""


@dataclass(frozen=True, kw_only=True)
class Savings:
    """A plan against the fixed number of replicates that it ends with."""

    looks: Looks
    margin_sd: float
    usages: tuple[Usage, ...]
    """Under no effect, the design effect, and twice it."""
    studies: int
    """Simulated, for each effect."""


def savings(
    looks: Looks, expect: Expectation, *, margin_sd: float, rng: np.random.Generator, studies: int = 20_000
) -> Savings:
    """Simulates studies with normal differences under no effect, the design effect and twice it.

    The design effect is what a one-sided t at the plan's alpha finds with 80% power at the last look's replicates.
    What is saved under no effect hangs on the margin: only equivalence can stop such a contrast rightly.

    Args:
        looks: the plan.
        expect: what is claimed.
        margin_sd: the claim's margin, in SDs of the differences; 0 where nothing shall count as equivalent.
        rng: draws the studies.
        studies: for each effect; the noise is the same for all three.
    """
    noise = rng.standard_normal((studies, looks.replicates))
    design = smallest(lambda effect: superiority(effect, looks.replicates, alpha=looks.alpha))

    def usage(effect: float) -> Usage:
        used, found = _follow(looks, noise + effect, expect, margin_sd)
        return Usage(
            effect_sd=effect,
            replicates=float(np.mean(used)),
            replicates_se=float(np.std(used)) / math.sqrt(studies),
            chances=found,
            fixed=chances(expect, looks.replicates, margin=margin_sd, effect=effect, alpha=looks.alpha),
        )

    usages = usage(0.0), usage(design), usage(2 * design)
    return Savings(looks=looks, margin_sd=margin_sd, usages=usages, studies=studies)


def _follow(looks: Looks, values: Values, expect: Expectation, margin: float) -> tuple[Values, Chances]:
    """The replicates that each study (a row) uses, and how often each outcome is found."""
    used = np.full(len(values), float(looks.replicates))
    going = np.ones(len(values), dtype=np.bool_)
    found = np.zeros(3)
    for n, bound in zip(looks.ns, looks.bounds, strict=True):
        seen = values[:, :n]
        centre, half = np.mean(seen, axis=1), bound * np.std(seen, axis=1, ddof=1) / math.sqrt(n)
        stopped = going & _outcomes(centre - half, centre + half, expect, margin)
        found += np.mean(stopped, axis=1)
        decided = np.any(stopped, axis=0)
        used[decided] = n
        going &= ~decided
    supported, contradicted, equivalent = found.tolist()
    return used, Chances(supported=supported, contradicted=contradicted, equivalent=equivalent)


def _outcomes(low: Values, high: Values, expect: Expectation, margin: float) -> npt.NDArray[np.bool_]:
    """The rule of `evidence`, for many intervals of positive differences that speak for the claim.

    Returns:
        Shape (3, studies): supported, contradicted, equivalent.
    """
    inside = (low > -margin) & (high < margin)
    if expect in ("equivalent", "value"):
        return np.stack([inside, (low > margin) | (high < -margin), np.zeros_like(inside)])
    null = -margin if expect == "no_worse" else 0.0
    return np.stack([~inside & (low > null), ~inside & (high < null), inside])
