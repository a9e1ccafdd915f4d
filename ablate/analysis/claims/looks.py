"""Looks: at which replicates a study may stop, planned before the first trial, and how strict each look is."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ablate.analysis.statistics.crossing import normal_crossing, t_crossing
from ablate.analysis.statistics.distribution import normal_cdf, t_quantile
from ablate.analysis.summary import TEST_FROM
from ablate.config.spec import StudySpec
from ablate.errors import ConfigError

PRECISION = 1e-7
"""Relative, of the error rate that a boundary is solved for."""
MIN_SPACING = 2
"""Replicates from one look to the next, at least, where a study says how many looks and not which."""
SMALLEST_ALPHA = 1e-4
"""Below, crossing probabilities are not computed well enough."""


@dataclass(frozen=True, kw_only=True)
class Looks:
    """A group-sequential plan for one contrast. The tuples have an element per look."""

    alpha: float
    """As a claim states it: of one side, over all looks together."""
    ns: tuple[int, ...]
    """Replicates, increasing."""
    levels: tuple[float, ...]
    """The one-sided level at which each look tests."""
    bounds: tuple[float, ...]
    """The same as bounds of |t|, on n − 1 degrees of freedom."""

    @property
    def replicates(self) -> int:
        """The most that the plan takes."""
        return self.ns[-1]


def plan(looks: int | Sequence[int], replicates: int, *, alpha: float = 0.05) -> Looks:
    """Plans looks with boundaries of O'Brien and Fleming's shape (1979, Biometrics 35), exact at small n.

    The shape is z = c √(n_K / n_k): hardly ever a decision early on, and nearly the test at fixed n at the end. Each
    z is turned into a level and the level into a bound of t on n_k − 1 degrees of freedom, the significance-level
    approach (Jennison & Turnbull 2000, section 3.8). With the constant of normal theory that errs: at looks 5, 6
    and 7 it gives .0276 for .025. So c is solved for the t statistics themselves: without an effect, the probability
    that t exceeds its upper bound at any look is `alpha`. That bounds the rate of false support and of false
    contradiction, alpha each, and that of false equivalence, which takes a crossing when the true difference
    is the margin.

    Args:
        looks: how many, or the replicates at each. A number of looks is spaced equally, as far as whole replicates
            allow, and from 5 on where the first would come sooner: under 5 replicates there is no verdict.
        replicates: at the last look.
        alpha: one-sided.

    Raises:
        ConfigError: the looks cannot be had with these replicates, or alpha is not a level.
    """
    _check_alpha(alpha)
    return _plan(_replicates(looks, replicates), alpha)


def check_looks(spec: StudySpec) -> None:
    """Refuses looks that a study cannot have.

    Raises:
        ConfigError: as in `plan`, or there is no claim to look at.
    """
    if spec.looks is None:
        return
    if not spec.claims:
        raise ConfigError(
            "study.looks says when the claims are looked at, and the study states none. State one, or leave looks out."
        )
    _replicates(spec.looks, spec.replicates)
    for claim in spec.claims:
        _check_alpha(claim.alpha / len(spec.claims))
        if claim.relative:
            raise ConfigError(
                f"The claim on {claim.text} has margin: {claim.margin_text}, and study.looks hold their error rates "
                "for a margin that is known: the baseline's mean, of which this is a share, is another one at each "
                "look. Give it in the response's units, or leave looks out."
            )
        if claim.across:
            raise ConfigError(
                f"The claim on {claim.text} counts data sets, and study.looks are taken at numbers of replicates: "
                "more of them add no data set. Leave looks out, or across."
            )


def suggested(replicates: int) -> tuple[int, ...]:
    """Two looks for a new study of that number of replicates; none where the number is too small for two."""
    return _spaced(2, replicates) if replicates >= TEST_FROM + MIN_SPACING else ()


def t_bound(level: float, n: int) -> float:
    """What a t on n replicates exceeds with probability `level`; infinite where the level is too small for a float."""
    return -t_quantile(level, n - 1) if level > 0 else math.inf


@lru_cache(maxsize=64)
def _plan(ns: tuple[int, ...], alpha: float) -> Looks:
    growth = np.sqrt(ns[-1] / np.array(ns))

    def levels(constant: float) -> list[float]:
        return normal_cdf(-constant * growth).tolist()

    def bounds(constant: float) -> list[float]:
        return [t_bound(level, n) for level, n in zip(levels(constant), ns, strict=True)]

    normal = _solve(lambda c: normal_crossing(ns, (c * growth).tolist()), alpha, start=2.0)
    constant = _solve(lambda c: t_crossing(ns, bounds(c)), alpha, start=normal)
    return Looks(alpha=alpha, ns=ns, levels=tuple(levels(constant)), bounds=tuple(bounds(constant)))


def _solve(rate: Callable[[float], float], alpha: float, *, start: float) -> float:
    """The constant at which a rate, which falls as the constant grows, is `alpha`: secants of its logarithm."""
    before, here = start, 1.01 * start
    excess_before, excess = math.log(rate(before) / alpha), math.log(rate(here) / alpha)
    for _ in range(40):
        if abs(excess) <= PRECISION:
            return here
        slope = (excess - excess_before) / (here - before)
        before, excess_before = here, excess
        here -= excess / slope
        excess = math.log(rate(here) / alpha)
    raise AssertionError(f"no boundary for alpha={alpha:g}")


def _check_alpha(alpha: float) -> None:
    if not SMALLEST_ALPHA <= alpha < 0.5:
        raise ConfigError(
            f"alpha is {alpha:g}: in a plan with looks, the level of a one-sided test lies between {SMALLEST_ALPHA:g} "
            "and 0.5."
        )


def _replicates(looks: int | Sequence[int], replicates: int) -> tuple[int, ...]:
    return _spaced(looks, replicates) if isinstance(looks, int) else _given(looks, replicates)


def _spaced(looks: int, replicates: int) -> tuple[int, ...]:
    if looks < 1:
        raise ConfigError(f"looks: {looks} is not a number of looks. A study is looked at once or more.")
    most = (replicates - TEST_FROM) // MIN_SPACING + 1
    if looks > most:
        fewest = TEST_FROM + MIN_SPACING * (looks - 1)
        fewer = f", or looks: {most}" if most > 0 else ""
        raise ConfigError(
            f"looks: {looks} cannot be had with replicates={replicates}: the first takes {TEST_FROM} replicates, each "
            f"other {MIN_SPACING} more. Set replicates={fewest} or more{fewer}."
        )
    if replicates >= TEST_FROM * looks:
        return tuple(replicates * look // looks for look in range(1, looks + 1))
    return tuple(TEST_FROM + (replicates - TEST_FROM) * look // (looks - 1) for look in range(looks))


def _given(looks: Sequence[int], replicates: int) -> tuple[int, ...]:
    ns = tuple(looks)
    valid = (
        f"Valid: rising numbers from {TEST_FROM} on, under which there is no verdict, of which the last is "
        f"replicates={replicates}"
    )
    if not ns or ns[0] < TEST_FROM or ns[-1] != replicates or list(ns) != sorted(set(ns)):
        raise ConfigError(f"looks: {list(ns)} are not numbers of replicates. {valid}.")
    return ns
