"""The distributions that estimates need, by scipy.special: scipy.stats takes long to import."""
# pyright: reportMissingTypeStubs=false

import math


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


def beta_quantile(probability: float, a: float, b: float) -> float:
    """The beta distribution: the value that is not exceeded with this probability."""
    from scipy.special import betaincinv

    return float(betaincinv(a, b, probability))
