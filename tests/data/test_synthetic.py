import math

import numpy as np
import pytest
import torch
from numpy.polynomial.legendre import leggauss
from scipy import integrate, stats
from sklearn.datasets import make_friedman1

from ablate.data import split, synthetic
from ablate.data.synthetic import FUNCTIONS
from ablate.errors import DataError

pytestmark = pytest.mark.numeric


def by_hand(name, x):
    """The truths again, written otherwise, example by example."""
    if name == "linear":
        w = [1, -1 / 2, 1 / 3, -1 / 4, 1 / 5, -1 / 6, 1 / 7][: len(x)]
        return sum(a * b for a, b in zip(w, x, strict=True)) / math.sqrt(sum(a * a for a in w))
    if name == "sine":
        return sum(math.sin(2 * math.pi * v) for v in x) / math.sqrt(len(x) / 2)
    raise AssertionError(name)


@pytest.mark.parametrize("name", ["linear", "sine"])
@pytest.mark.parametrize("features", [1, 2, 7])
def test_without_noise_targets_are_the_truth(name, features):
    pool = synthetic(function=name, features=features, examples=50, noise=0.0).pool
    expected = [by_hand(name, x) for x in pool.inputs.double().tolist()]
    np.testing.assert_allclose(pool.targets[:, 0], expected, atol=1e-5)


def test_friedman_as_scikit_learn_generates_it():
    """Moments by numerical integration: of a sum of independent terms, they add up."""
    x, y = make_friedman1(n_samples=200, n_features=8, noise=0.0, random_state=0)

    def bend(power):
        return integrate.dblquad(lambda u, v: (10 * np.sin(np.pi * u * v)) ** power, 0, 1, 0, 1, epsabs=1e-11)[0]

    def bowl(power):
        return integrate.quad(lambda u: (20 * (u - 0.5) ** 2) ** power, 0, 1)[0]

    mean = bend(1) + bowl(1) + 5 + 2.5
    variance = bend(2) - bend(1) ** 2 + bowl(2) - bowl(1) ** 2 + 100 / 12 + 25 / 12
    np.testing.assert_allclose(FUNCTIONS["friedman1"].truth(x), (y - mean) / math.sqrt(variance), rtol=1e-9, atol=1e-9)


def test_sine_has_mean_zero_and_variance_one_on_its_cube():
    nodes, weights = leggauss(40)
    x = np.stack(np.meshgrid(nodes, nodes), axis=-1).reshape(-1, 2)
    w = np.outer(weights, weights).ravel() / 4
    y = FUNCTIONS["sine"].truth(x)
    assert w @ y == pytest.approx(0, abs=1e-12)
    assert w @ y**2 == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("noise", [0.0, 0.3, 0.9])
def test_targets_have_mean_zero_variance_one_and_half_are_negative(name, noise):
    n = 100_000
    targets = synthetic(function=name, examples=n, noise=noise).pool.targets.double()
    assert targets.mean().item() == pytest.approx(0, abs=5 / math.sqrt(n))
    assert targets.var().item() == pytest.approx(1, abs=5 * math.sqrt(3 / n))
    assert (targets < 0).double().mean().item() == pytest.approx(0.5, abs=5 * 0.5 / math.sqrt(n))


@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_linear_targets_are_exactly_normal_so_relus_floor_is_one_half(noise):
    targets = synthetic(function="linear", features=4, examples=100_000, noise=noise).pool.targets[:, 0].numpy()
    assert stats.kstest(targets, "norm").pvalue > 1e-3
    assert (np.minimum(targets, 0) ** 2).mean() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_truth_itself_scores_the_noise_floor(name):
    noise = 0.4
    pool = synthetic(function=name, examples=50_000, noise=noise).pool
    best = math.sqrt(1 - noise**2) * FUNCTIONS[name].truth(pool.inputs.double().numpy())
    residual = pool.targets[:, 0].numpy() - best
    assert (residual**2).mean() == pytest.approx(noise**2, rel=0.03)
    assert np.corrcoef(residual, best)[0, 1] == pytest.approx(0, abs=0.02)
    assert stats.kstest(residual / noise, "norm").pvalue > 1e-3


def test_inputs_have_the_range_that_the_functions_are_made_for():
    unit = synthetic(function="friedman1", examples=2000).pool.inputs
    both = synthetic(function="sine", examples=2000).pool.inputs
    assert (unit.min() >= 0, unit.max() <= 1, unit.mean().round(decimals=1)) == (True, True, 0.5)
    assert (both.min() < -0.99, both.max() > 0.99, both.abs().max() <= 1) == (True, True, True)


def test_the_data_seed_decides_and_more_examples_begin_with_the_same():
    first = synthetic(examples=700).pool
    again = synthetic(examples=1700).pool
    other = synthetic(examples=700, data_seed=1).pool
    assert torch.equal(first.inputs, again.inputs[:700])
    assert torch.equal(first.targets, again.targets[:700])
    assert not torch.equal(first.inputs, other.inputs)
    noise_only = first.targets - synthetic(examples=700, noise=0.0).pool.targets
    assert abs(np.corrcoef(noise_only[:, 0], first.inputs[:, 0])[0, 1]) < 0.2


def test_a_shift_moves_the_targets_alone():
    plain, shifted = (split(synthetic(target_shift=s), seed=0) for s in (0.0, 3.0))
    torch.testing.assert_close(shifted.val.targets, plain.val.targets + 3)
    assert torch.equal(shifted.val.inputs, plain.val.inputs)


def test_sizes_and_limit():
    splits = split(synthetic(), seed=0)
    assert (len(splits.train), len(splits.val), len(splits.test)) == (1000, 200, 400)
    assert splits.train.inputs.shape == (1000, 10)
    assert len(synthetic(limit=100).pool) == 100


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"function": "friedman"}, "Unknown function 'friedman'. Did you mean 'friedman1'?.*linear, sine"),
        ({"features": 4}, r"data\.features=4; valid for friedman1: 5 or more"),
        ({"function": "sine", "features": 0}, r"data\.features=0; valid for sine: 1 or more"),
        ({"noise": 1.0}, r"data\.noise=1\.0"),
        ({"noise": -0.1}, r"data\.noise=-0\.1"),
        ({"noise": math.nan}, r"data\.noise=nan"),
        ({"examples": 0}, r"data\.examples=0"),
        ({"data_seed": -1}, r"data\.data_seed=-1"),
        ({"limit": 1601}, r"data\.limit=1601"),
    ],
)
def test_numbers_out_of_range(options, message):
    with pytest.raises(DataError, match=message):
        synthetic(**options)


def test_an_unseen_low_range():
    noise, cut = 0.3, -0.8
    whole = synthetic(function="linear", noise=noise).pool
    source = synthetic(function="linear", noise=noise, unseen_below=cut, data_seed=0, test_size=None)
    assert len(source.pool) + len(source.test) == 1600

    def without_noise(arrays):
        return math.sqrt(1 - noise**2) * FUNCTIONS["linear"].truth(arrays.inputs.double().numpy())

    assert without_noise(source.pool).min() >= cut > without_noise(source.test).max()
    low = without_noise(whole) < cut
    assert torch.equal(source.test.targets, whole.targets[low])
    assert torch.equal(source.pool.inputs, whole.inputs[~low])
    share = stats.norm.cdf(cut / math.sqrt(1 - noise**2))
    assert low.mean() == pytest.approx(share, abs=5 * math.sqrt(share / 1600))


def test_the_noise_floor_is_the_same_on_both_sides():
    source = synthetic(function="friedman1", examples=40_000, noise=0.4, unseen_below=-0.5, data_seed=0, test_size=None)
    for arrays in (source.pool, source.test):
        best = math.sqrt(1 - 0.4**2) * FUNCTIONS["friedman1"].truth(arrays.inputs.double().numpy())
        residual = arrays.targets[:, 0].numpy() - best
        assert (residual**2).mean() == pytest.approx(0.16, rel=0.05)
        assert residual.mean() == pytest.approx(0, abs=0.02)


def test_shifted_by_its_cut_the_pool_is_positive_and_relu_reaches_nothing_of_the_test_set():
    """E[(y + 1)² | y < −1] for y ~ N(0, 1), by integration."""
    source = synthetic(
        function="linear", examples=100_000, noise=0.0, unseen_below=-1.0, data_seed=0, target_shift=1.0, test_size=None
    )
    splits = split(source, seed=0)
    assert splits.train.targets.min() >= 0 > splits.test.targets.max()
    area = integrate.quad(lambda y: (y + 1) ** 2 * stats.norm.pdf(y), -np.inf, -1)[0]
    floor = area / stats.norm.cdf(-1)
    assert floor == pytest.approx(0.475, abs=5e-4)
    assert (splits.test.targets.double() ** 2).mean().item() == pytest.approx(floor, rel=0.06)


def test_sizes_with_an_unseen_range():
    source = synthetic(data_seed=0, unseen_below=-1.0, test_size=100, limit=900)
    splits = split(source, seed=0)
    assert (len(splits.train), len(splits.val), len(splits.test)) == (700, 200, 100)
    few = synthetic(data_seed=0, unseen_below=-1.0)
    with pytest.raises(DataError, match=rf"data\.test_size=400, but there are {len(few.test)} examples"):
        split(few, seed=0)
    with pytest.raises(DataError, match=r"data\.unseen_below=-9\.0 has all examples on one side; valid: between"):
        synthetic(data_seed=0, unseen_below=-9.0)
    with pytest.raises(DataError, match="no official test set"):
        split(synthetic(test_size=None), seed=0)


def test_scale_comes_before_the_shift():
    plain, scaled = (synthetic(data_seed=0, **options) for options in ({}, {"target_scale": 0.15, "target_shift": 0.5}))
    a, b = (split(source, seed=0) for source in (plain, scaled))
    torch.testing.assert_close(b.train.targets, 0.15 * a.train.targets + 0.5)
    torch.testing.assert_close(b.best.predict(b.test.inputs), 0.15 * a.best.predict(a.test.inputs) + 0.5)
    with pytest.raises(DataError, match=r"data\.target_scale=0\.0; valid: more than 0"):
        synthetic(target_scale=0.0)


@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_targets_with_a_floor_and_their_mean(noise):
    source = synthetic(data_seed=0, examples=40_000, noise=noise, target_floor=0.0, target_scale=2.0)
    plain = synthetic(data_seed=0, examples=40_000, noise=noise)
    assert torch.equal(source.pool.targets, 2 * plain.pool.targets.clamp(min=0))
    residual = source.pool.targets - source.best.predict(source.pool.inputs)
    if noise:
        # The mean of max(0, z) given x, not the larger of 0 and the mean: unbiased wherever the mean lies.
        below = plain.best.predict(plain.pool.inputs)[:, 0] < 0
        assert residual[below].mean().item() == pytest.approx(0, abs=0.02)
        assert residual[~below].mean().item() == pytest.approx(0, abs=0.03)
    else:
        assert residual.abs().max() < 1e-6


def test_others_are_tested_in_the_range_that_is_seen():
    options = {"unseen_below": -1.0, "limit": 900, "test_size": 400, "examples": 4000}
    unseen, seen = (synthetic(data_seed=0, tested_on=on, **options) for on in ("unseen", "seen"))
    assert torch.equal(unseen.pool.inputs, seen.pool.inputs)
    assert len(unseen.test) > 400
    assert seen.test is None
    splits = split(seen, seed=0)
    assert splits.test.targets.min() > -1.5
    assert (len(splits.train), len(splits.val), len(splits.test)) == (300, 200, 400)


def test_with_both_sizes_each_replicate_may_draw_its_own_unseen_examples():
    options = {"unseen_below": -1.0, "examples": 4000}
    a, b = (split(synthetic(**options, limit=900, test_size=400, replicate_seed=seed), seed=seed) for seed in (0, 1))
    assert [len(part) for part in (a.train, a.test)] == [len(part) for part in (b.train, b.test)] == [700, 400]
    assert not torch.equal(a.test.inputs, b.test.inputs)
    assert a.sampling == "fresh"
    for given in ({"limit": 900, "test_size": None}, {"test_size": 400}):
        with pytest.raises(DataError, match=r"goes with a data\.data_seed, such as 0, or with both"):
            synthetic(**options, **given)


@pytest.mark.parametrize(("options", "message"), [
    ({"tested_on": "low"}, "Unknown data.tested_on 'low'"), ({"tested_on": "seen"}, r"goes with data\.unseen_below"),
])  # fmt: skip
def test_where_to_test_is_checked(options, message):
    with pytest.raises(DataError, match=message):
        synthetic(**options)
