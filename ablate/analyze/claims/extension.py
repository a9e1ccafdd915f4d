"""An extension: more replicates after an unplanned look, and its effect on alpha."""

from collections.abc import Sequence
from functools import lru_cache

from ablate.analyze.claims.looks import t_bound
from ablate.analyze.statistics.crossing import t_crossing
from ablate.analyze.statistics.paired import TEST_FROM


def extended_alpha(ns: Sequence[int], *, alpha: float = 0.05) -> float:
    """The rate of false support when each look tests at `alpha`, and what is not decided is extended and tested again.

    Computed, not simulated: the probability, without an effect, that a one-sided t on all differences so far is
    significant at one of the looks. It is that of false equivalence too, with the margin as the true difference.
    Both are upper bounds: contrasts that end another way at the first look are not extended. Looks under five
    replicates give no verdict and so do no harm.

    Args:
        ns: replicates at each look, increasing; the last, at least 5, is what the study was extended to.
        alpha: one-sided, under .5, as claims state it.
    """
    return _extended_alpha(_tested(ns), alpha)


def extension_note(ns: Sequence[int], *, alpha: float = 0.05) -> str:
    """Says that n was extended after a look, and what became of alpha; `ns` as above, at least two."""
    *before, last = ns
    extended = f"n was extended to {last} after a look at n = {' and '.join(map(str, before))}, without a plan"
    if len(_tested(ns)) == 1:
        return f"{extended}. So few replicates give no verdict, so that alpha stays {alpha:g}."
    return (
        f"{extended}: where there is no effect, a claim at alpha = {alpha:g} is now supported with probability up to "
        f"{extended_alpha(ns, alpha=alpha):.3f}, because it is tested again whenever it was not decided. A plan with "
        "`looks` keeps alpha."
    )


def _tested(ns: Sequence[int]) -> tuple[int, ...]:
    return tuple(n for n in ns if n >= TEST_FROM)


@lru_cache(maxsize=256)
def _extended_alpha(ns: tuple[int, ...], alpha: float) -> float:
    return t_crossing(ns, [t_bound(alpha, n) for n in ns])
