"""An extension: more replicates after an unplanned look, and its effect on alpha."""

from collections.abc import Sequence
from functools import lru_cache

from ablate.analysis.claims.looks import t_bound
from ablate.analysis.statistics.crossing import t_crossing
from ablate.analysis.summary import TEST_FROM, Extension
from ablate.config.spec import Claim


def extended_alpha(ns: Sequence[int], *, alpha: float = 0.05) -> float:
    """The rate of one error when each look tests at `alpha`, and what is not decided is extended and tested again.

    Computed, not simulated: the probability, without an effect, that a one-sided t on all differences so far is
    significant at one of the looks. By symmetry it is that of false support and that of false contradiction, and with
    the margin as the true difference that of false equivalence. All are upper bounds: contrasts that end another way
    at the first look are not extended. Looks under five replicates give no verdict and so do no harm.

    Args:
        ns: replicates at each look, increasing; the last, at least 5, is what the study was extended to.
        alpha: one-sided, under .5, as claims state it.
    """
    return _extended_alpha(_tested(ns), alpha)


def extension(claim: Claim, ns: Sequence[int]) -> Extension | None:
    """What an unplanned extension made of a claim's α; None where no earlier look could give a verdict.

    A claim of equivalence is contradicted beyond either margin: where the margins are close beside the SE, both errors
    add up, and the bound is their sum.

    Args:
        claim: at its own α, whatever Holm leaves of it.
        ns: as above.
    """
    tested = _tested(ns)
    if len(tested) < 2:
        return None
    rate = _extended_alpha(tested, claim.alpha)
    sides = 2 if claim.is_equivalence else 1
    return Extension(ns=tested, false_support=rate, false_contradiction=min(1.0, sides * rate))


def extension_note(ns: Sequence[int], *, alpha: float = 0.05) -> str:
    """Says that n was extended after a look, and what became of alpha; `ns` as above, at least two."""
    *before, last = ns
    extended = f"n was extended to {last} after a look at n = {' and '.join(map(str, before))}, without a plan"
    if len(_tested(ns)) == 1:
        return f"{extended}. So few replicates give no verdict, so that alpha stays {alpha:g}."
    return (
        f"{extended}: where there is no effect, a claim at alpha = {alpha:g} is now supported with probability up to "
        f"{extended_alpha(ns, alpha=alpha):.3f}, and contradicted with the same, because it is tested again whenever "
        "it was not decided. A plan with `looks` keeps alpha."
    )


def _tested(ns: Sequence[int]) -> tuple[int, ...]:
    return tuple(n for n in ns if n >= TEST_FROM)


@lru_cache(maxsize=256)
def _extended_alpha(ns: tuple[int, ...], alpha: float) -> float:
    return t_crossing(ns, [t_bound(alpha, n) for n in ns])
