"""Arms compared over data sets by their ranks.

Source: J. Demšar, Statistical Comparisons of Classifiers over Multiple Data Sets, Journal of Machine Learning Research
7 (2006), sections 3.1.3 and 3.2.2.
"""

import math

import numpy as np
import numpy.typing as npt

from ablate.analysis.statistics.distribution import chi2_survival, f_survival, range_quantile
from ablate.analysis.statistics.sign_flip import sign_flip
from ablate.analysis.statistics.student import Values
from ablate.analysis.summary import SignFlip


def mid_ranks(values: npt.ArrayLike) -> Values:
    """Ranks from 1, the smallest first; of tied values their mean rank."""
    _, places, counts = np.unique(np.asarray(values), return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[places]


def signed_rank(differences: Values, *, rng: np.random.Generator) -> SignFlip | None:
    """Wilcoxon's signed-rank test, two-sided: exact up to 16 differences, with ties; differences of 0 are left out.

    It is the sign-flip test of the ranks of the differences' sizes. None where all differences are 0.
    """
    signed = differences[differences != 0]
    return sign_flip(np.sign(signed) * mid_ranks(np.abs(signed)), rng=rng) if len(signed) else None


def average_ranks(scores: Values, *, higher_is_better: bool) -> Values:
    """The mean rank of each arm, 1 for the best on a data set.

    Args:
        scores: shape (data sets, arms).
        higher_is_better: whether the largest is the best.
    """
    signed = -scores if higher_is_better else scores
    return np.mean([mid_ranks(row) for row in signed], axis=0)


def friedman(scores: Values) -> tuple[float, float]:
    """Friedman's χ² over k − 1 degrees of freedom, corrected for ties, and its p.

    Args:
        scores: shape (data sets, arms).
    """
    sets, arms = scores.shape
    ranks = np.array([mid_ranks(row) for row in scores])
    sums = ranks.sum(axis=0)
    spread = float(np.sum(ranks**2)) - sets * arms * (arms + 1) ** 2 / 4
    if not spread > 0:  # every data set has all arms equal
        return 0.0, 1.0
    chi2 = (arms - 1) * (float(np.sum(sums**2)) - sets**2 * arms * (arms + 1) ** 2 / 4) / spread
    return chi2, chi2_survival(chi2, arms - 1)


def iman_davenport(chi2: float, *, sets: int, arms: int) -> tuple[float, float]:
    """Their F over k − 1 and (k − 1)(N − 1) degrees of freedom, which is less conservative than χ², and its p.

    Infinite where all data sets rank all arms alike.
    Source: R. Iman, J. Davenport, Communications in Statistics A 9 (1980), 571–595; Demšar, section 3.2.2.
    """
    left = sets * (arms - 1) - chi2
    if left <= 1e-9 * chi2:
        return math.inf, 0.0
    f = (sets - 1) * chi2 / left
    return f, f_survival(f, arms - 1, (arms - 1) * (sets - 1))


def critical_difference(*, sets: int, arms: int, alpha: float = 0.05) -> float:
    """Nemenyi's: two arms whose mean ranks differ by as much do so beyond chance, over all pairs of arms.

    q_α √(k (k + 1) / 6N), with q_α the quantile of the studentized range with infinite degrees of freedom over √2.
    """
    q = range_quantile(1 - alpha, arms) / math.sqrt(2)
    return q * math.sqrt(arms * (arms + 1) / (6 * sets))
