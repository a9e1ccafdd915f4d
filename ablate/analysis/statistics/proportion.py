"""A proportion with its exact interval."""

from functools import lru_cache

from ablate.analysis.statistics.distribution import beta_quantile
from ablate.analysis.summary import Interval, Proportion


@lru_cache(maxsize=4096)
def proportion(k: int, n: int, *, level: float = 0.95) -> Proportion:
    """How many of how many, with the Clopper–Pearson interval (Biometrika 1934); none where n is 0."""
    if n == 0:
        return Proportion(k=k, n=n, interval=None)
    tail = (1 - level) / 2
    return Proportion(
        k=k,
        n=n,
        interval=Interval(
            value=k / n,
            low=beta_quantile(tail, k, n - k + 1) if k > 0 else 0.0,
            high=beta_quantile(1 - tail, k + 1, n - k) if k < n else 1.0,
            level=level,
            method="clopper-pearson",
        ),
    )
