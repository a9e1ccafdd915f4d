import dataclasses
import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ablate.analysis.claims.looks import Looks, plan, t_bound
from ablate.analysis.statistics.crossing import t_crossing
from ablate.errors import ConfigError


@pytest.mark.parametrize(
    ("looks", "replicates", "ns"),
    [
        (5, 20, (5, 8, 12, 16, 20)),
        (5, 25, (5, 10, 15, 20, 25)),
        (3, 10, (5, 7, 10)),
        (2, 10, (5, 10)),
        (1, 5, (5,)),
        (3, 9, (5, 7, 9)),
        ((5, 20), 20, (5, 20)),
        ([5, 6, 7], 7, (5, 6, 7)),
    ],
)
def test_looks_stand_where_they_should(looks, replicates, ns):
    planned = plan(looks, replicates)
    assert planned.ns == ns
    assert planned.replicates == replicates
    assert len(planned.levels) == len(planned.bounds) == len(ns)


@given(st.integers(1, 4), st.integers(0, 16))
@settings(deadline=None, max_examples=12)
def test_equally_spaced_looks_are_within_one_replicate_of_equal_from_five_on(looks, more):
    replicates = 5 + 2 * (looks - 1) + more
    ns = plan(looks, replicates).ns
    assert len(ns) == looks
    assert ns[0] >= 5
    assert ns[-1] == replicates
    first = max(5, replicates / looks)
    steps = (replicates - first) / max(1, looks - 1)
    assert all(abs(n - first - steps * k) < 1 for k, n in enumerate(ns))
    assert all(b > a for a, b in itertools.pairwise(ns))


@pytest.mark.parametrize(("looks", "replicates"), [((5, 6, 7), 7), (3, 10), (2, 10), (5, 20), ((5, 20), 20)])
@pytest.mark.parametrize("alpha", [0.05, 0.025])
def test_without_an_effect_a_bound_is_crossed_at_some_look_with_probability_alpha(looks, replicates, alpha):
    planned, studies = plan(looks, replicates, alpha=alpha), 200_000
    differences = np.random.default_rng(17).standard_normal((studies, replicates))
    above, below = np.zeros((2, studies), dtype=bool)
    for n, bound in zip(planned.ns, planned.bounds, strict=True):
        t = math.sqrt(n) * differences[:, :n].mean(axis=1) / differences[:, :n].std(axis=1, ddof=1)
        above |= t >= bound
        below |= t <= -bound
    assert abs(above.mean() - alpha) < 4 * math.sqrt(alpha / studies)
    assert abs(below.mean() - alpha) < 4 * math.sqrt(alpha / studies)


@pytest.mark.parametrize(("looks", "constant"), [(2, 1.977), (3, 2.004), (4, 2.024), (5, 2.040)])
def test_with_many_replicates_the_boundary_is_obrien_and_flemings(looks, constant):
    planned = plan(looks, 20 * looks, alpha=0.025)
    z = stats.norm.isf(planned.levels)
    assert z * np.sqrt(np.arange(1, looks + 1) / looks) == pytest.approx([z[-1]] * looks, rel=1e-9)
    # What is left is the cost of 20 replicates at the first look, where an SD is still an estimate.
    assert constant - 5e-4 < z[-1] < constant * 1.012


def test_normal_constants_would_exceed_alpha_at_small_n():
    ns = (5, 6, 7)
    normal = [2.0515 * math.sqrt(7 / n) for n in ns]  # keeps .025 where the SD is known
    shape = np.array([[min(a, b) / math.sqrt(a * b) for a in ns] for b in ns])
    assert 1 - stats.multivariate_normal(cov=shape).cdf(normal) == pytest.approx(0.025, abs=1e-4)
    bounds = [stats.t.isf(stats.norm.sf(z), n - 1) for z, n in zip(normal, ns, strict=True)]
    assert t_crossing(ns, bounds) > 1.05 * 0.025
    assert t_crossing(ns, plan(ns, 7, alpha=0.025).bounds) == pytest.approx(0.025, rel=1e-5)


def test_levels_and_bounds_are_the_same_thing():
    planned = plan(5, 20)
    assert planned.bounds == pytest.approx(stats.t.isf(planned.levels, np.array(planned.ns) - 1), rel=1e-9)
    assert list(planned.levels) == sorted(planned.levels)
    assert planned.levels[-1] < planned.alpha


def test_one_look_is_the_plain_test():
    assert plan(1, 12, alpha=0.05).bounds == pytest.approx([stats.t.isf(0.05, 11)], rel=1e-6)


def test_a_level_too_small_for_a_float_never_decides():
    assert t_bound(0.0, 3) == math.inf


def test_a_plan_is_frozen_and_the_same_each_time():
    assert plan(5, 20) == plan(5, 20)
    with pytest.raises(dataclasses.FrozenInstanceError):
        plan(5, 20).alpha = 0.1
    assert isinstance(plan([5, 20], 20), Looks)


@pytest.mark.parametrize(
    ("looks", "replicates", "says"),
    [
        (5, 12, "Set replicates=13 or more, or looks: 4"),
        (2, 4, r"Set replicates=7 or more\.$"),
        (1, 4, "Set replicates=5 or more"),
        (2, 5, "looks: 1"),
        (0, 10, "once or more"),
        (-1, 10, "once or more"),
        ((4, 8), 8, "from 5 on, under which there is no verdict"),
        ((3, 5), 5, "from 5 on"),
        ((6, 6, 8), 8, "rising"),
        ((8, 6), 6, "rising"),
        ((6, 8), 10, "the last is replicates=10"),
        ((), 10, "rising"),
    ],
)
def test_looks_that_cannot_be_had(looks, replicates, says):
    with pytest.raises(ConfigError, match=says):
        plan(looks, replicates)


@pytest.mark.parametrize("alpha", [0.0, 0.5, -0.1, 1e-5, 1.0, math.nan])
def test_alpha_is_a_level(alpha):
    with pytest.raises(ConfigError, match=r"between 0\.0001 and 0\.5"):
        plan(2, 10, alpha=alpha)
