"""The distributions that estimates need, by scipy.special: scipy.stats takes long to import."""
# pyright: reportMissingTypeStubs=false

import math
from typing import Any, cast

import numpy as np
import numpy.typing as npt


def normal_cdf(z: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The standard normal, elementwise: the probability of at most `z`."""
    from scipy.special import ndtr

    return np.asarray(ndtr(z), dtype=np.float64)


def t_cdf(t: float, df: float) -> float:
    """Student's t: the probability of at most `t`."""
    from scipy.special import stdtr

    return float(stdtr(df, t))


def t_quantile(probability: float, df: float) -> float:
    """Student's t: the value that is not exceeded with this probability."""
    from scipy.special import stdtrit

    return float(stdtrit(df, probability))


def noncentral_t_cdf(t: float, df: float, centre: float) -> float:
    """The noncentral t: the probability of at most `t`, for a centre of 0 or more."""
    from scipy.special import nctdtr

    probability = float(nctdtr(df, centre, t))
    # scipy answers NaN far out in the lower tail, where the probability is next to nothing.
    return 0.0 if math.isnan(probability) else probability


def f_survival(f: float, df: float, error_df: float) -> float:
    """Fisher's F: the probability of more than `f`."""
    from scipy.special import fdtrc

    return float(fdtrc(df, error_df, f))


def beta_quantile(probability: float, a: float, b: float) -> float:
    """The beta distribution: the value that is not exceeded with this probability."""
    from scipy.special import betaincinv

    return float(betaincinv(a, b, probability))


def chi2_survival(chi2: float, df: float) -> float:
    """The χ² distribution: the probability of more than `chi2`."""
    from scipy.special import chdtrc

    return float(chdtrc(df, chi2))


def range_quantile(probability: float, count: int) -> float:
    """The range of so many standard normals: the value that is not exceeded with this probability."""
    from scipy import stats

    return float(cast(Any, stats).studentized_range.ppf(probability, count, np.inf))
