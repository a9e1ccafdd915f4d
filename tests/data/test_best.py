"""The best rule of each data set whose truth is known, against what calculus or simulation says of it."""

import numpy as np
import pytest
import torch

from ablate.data import Arrays, Best, Source, autoregression, curve, moons, motifs, recall, split, synthetic, xor

pytestmark = pytest.mark.numeric


def hits(source, arrays):
    return float((source.best.predict(arrays.inputs) == arrays.targets).float().mean())


def error(source, arrays):
    return float((source.best.predict(arrays.inputs) - arrays.targets).double().square().mean())


def within(share, n):
    """Five standard errors of a share of n, and the last digit of what is stated."""
    return pytest.approx(share, abs=5 * np.sqrt(share * (1 - share) / n) + 5e-4)


@pytest.mark.parametrize(("noise", "bayes"), [(0.1, 0.9993), (0.2, 0.971), (0.3, 0.914), (0.0, 1.0)])
def test_of_moons_it_has_the_bayes_accuracy(noise, bayes):
    source = moons(examples=20_000, noise=noise)
    assert hits(source, source.pool) == within(bayes, 20_000)


@pytest.mark.parametrize(
    ("length", "noise", "bayes"), [(16, 0.5, 0.992), (32, 0.5, 0.990), (64, 0.7, 0.866), (16, 0.0, 1.0)]
)
def test_of_motifs_it_has_the_bayes_accuracy(length, noise, bayes):
    source = motifs(length=length, noise=noise, examples=4000)
    assert hits(source, source.pool) == within(bayes, 4000)


def test_of_padded_motifs_it_looks_where_the_sequences_are():
    source = motifs(length=16, test_length=32, padded_length=40, noise=0.7, examples=4000, test_size=4000)
    assert hits(source, source.pool) == within(0.912, 4000)
    assert hits(source, source.test) == within(0.893, 4000)


@pytest.mark.parametrize("masked", [False, True])
def test_of_motifs_of_mixed_lengths_it_looks_where_each_is(masked):
    source = motifs(length=64, shortest=16, masked=masked, noise=0.7, examples=8000, test_length=16, test_size=4000)
    assert hits(source, source.test) == within(0.912, 4000)
    long = source.pool.inputs[:, 0, 32:].any(dim=1)
    # Between the accuracies at 16 and 32 steps, and those at 32 and 64.
    assert 0.893 < float((source.best.predict(source.pool.inputs) == source.pool.targets)[~long].float().mean()) < 0.912
    assert 0.866 < float((source.best.predict(source.pool.inputs) == source.pool.targets)[long].float().mean()) < 0.893


@pytest.mark.parametrize("encoding", ["classes", "binary", "signs", "one_hot"])
def test_of_xor_it_is_right_at_the_corners_in_any_encoding(encoding):
    source = xor(noise=0.1, encoding=encoding)
    assert torch.equal(source.best.predict(source.test.inputs), source.test.targets)
    assert torch.equal(source.best.predict(source.pool.inputs), source.pool.targets)


@pytest.mark.parametrize("encoding", ["classes", "signs"])
def test_of_moons_it_answers_as_the_targets_are_encoded(encoding):
    source = moons(noise=0.0, encoding=encoding)
    assert torch.equal(source.best.predict(source.pool.inputs), source.pool.targets)


def test_of_recall_it_is_always_right():
    source = recall()
    assert hits(source, source.pool) == 1


@pytest.mark.parametrize("function", ["linear", "sine", "friedman1"])
@pytest.mark.parametrize("shift", [0.0, 2.0])
def test_of_a_known_function_it_leaves_the_noise(function, shift):
    source = synthetic(function=function, noise=0.3, examples=20_000, target_shift=shift)
    drawn = split(source, seed=0)
    left = (drawn.best.predict(drawn.train.inputs) - drawn.train.targets).square().mean()
    assert left == pytest.approx(0.09, rel=5 * np.sqrt(2 / len(drawn.train)))


def test_of_unseen_targets_too():
    source = synthetic(function="linear", noise=0.3, examples=20_000, unseen_below=-1.0, test_size=None, data_seed=0)
    assert error(source, source.test) == pytest.approx(0.09, rel=5 * np.sqrt(2 / len(source.test)))


def test_of_a_curve_it_is_the_function():
    source = curve(noise=0.2, examples=10_000)
    assert error(source, source.test) < 1e-12
    assert error(source, source.pool) == pytest.approx(0.04, rel=5 * np.sqrt(2 / 10_000))


@pytest.mark.parametrize(("lead", "floor"), [(1, 0.28), (2, 0.683), (3, 0.881)])
def test_of_a_series_it_is_the_floor_from_the_past(lead, floor):
    source = autoregression(coefficients=[1.2, -0.6], lead=lead, examples=4000)
    assert source.best.name == "Bayes from the past"
    left = (source.best.predict(source.pool.inputs) - source.pool.targets).square().mean(dim=0)
    assert left[1:].mean() == pytest.approx(floor, rel=0.02)
    # From one value alone: 1 − the squared correlation at that distance, which is .75, then .3.
    correlations = [1, 0.75]
    correlations += [1.2 * correlations[-1] - 0.6 * correlations[-2]]
    correlations += [1.2 * correlations[-1] - 0.6 * correlations[-2]]
    assert left[0] == pytest.approx(1 - correlations[lead] ** 2, rel=0.12)


def test_it_sees_no_later_step():
    source = autoregression(coefficients=[1.2, -0.6], examples=500)
    changed = source.pool.inputs[:1].clone()
    changed[..., 30:] = 9.0
    before, after = source.best.predict(source.pool.inputs[:1]), source.best.predict(changed)
    assert torch.equal(before[:, :30], after[:, :30])
    assert not torch.equal(before[:, 30:], after[:, 30:])


def test_it_follows_standardised_inputs_and_targets():
    rng = np.random.default_rng(0)
    inputs = torch.tensor(rng.normal(5, 3, (400, 2)), dtype=torch.float32)
    source = Source(
        pool=Arrays(inputs=inputs, targets=inputs.sum(dim=1, keepdim=True) * 7 + 1),
        val_size=100,
        test_size=100,
        standardise_inputs=True,
        standardise_targets=True,
        target_shift=2.0,
        best=Best(predict=lambda x: x.sum(dim=1, keepdim=True) * 7 + 1),
    )
    drawn = split(source, seed=0)
    torch.testing.assert_close(drawn.best.predict(drawn.test.inputs), drawn.test.targets, rtol=1e-4, atol=1e-4)


def test_what_is_not_known_is_not_stated(tmp_path):
    pool = Arrays(inputs=torch.zeros(9, 1), targets=torch.zeros(9, dtype=torch.int64))
    assert split(Source(pool=pool, val_size=1, test_size=1), seed=0).best is None
