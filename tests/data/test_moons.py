import numpy as np
import pytest
import torch
from sklearn.datasets import make_moons
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from ablate.data import moons, split
from ablate.errors import DataError

pytestmark = pytest.mark.numeric


def test_the_points_are_scikit_learns():
    points, classes = make_moons(n_samples=300, noise=0.1, random_state=4)
    pool = moons(examples=300, noise=0.1, data_seed=4).pool
    np.testing.assert_allclose(pool.inputs, points, atol=1e-6)
    np.testing.assert_array_equal(pool.targets, classes)


def test_sizes_and_limit():
    splits = split(moons(), seed=0)
    assert (len(splits.train), len(splits.val), len(splits.test)) == (1000, 200, 400)
    assert len(moons(limit=100).pool) == 100


def test_without_noise_they_lie_on_half_circles_of_radius_one():
    pool = moons(noise=0.0).pool
    centres = torch.tensor([[0.0, 0.0], [1.0, 0.5]])[pool.targets]
    torch.testing.assert_close((pool.inputs - centres).norm(dim=1), torch.ones(1600))
    height = (pool.inputs - centres)[:, 1]
    assert torch.where(pool.targets == 0, height, -height).min() >= -1e-6  # the first opens downwards
    assert torch.bincount(pool.targets).tolist() == [800, 800]


@pytest.mark.parametrize(("noise", "best"), [(0.1, 0.9993), (0.2, 0.971), (0.3, 0.914)])
def test_the_rule_of_the_larger_density_scores_the_bayes_accuracy(noise, best):
    pool = moons(examples=20_000, noise=noise).pool
    points = pool.inputs.double().numpy()
    angles = np.linspace(0, np.pi, 200)
    upper = np.c_[np.cos(angles), np.sin(angles)]
    densities = [
        np.exp(-((points[:, None] - arc) ** 2).sum(axis=2) / (2 * noise**2)).mean(axis=1)
        for arc in (upper, np.array([1, 0.5]) - upper)
    ]
    accuracy = (np.argmax(densities, axis=0) == pool.targets.numpy()).mean()
    assert accuracy == pytest.approx(best, abs=4 * np.sqrt(best * (1 - best) / 20_000) + 5e-4)


def test_no_straight_line_comes_near():
    pool = moons().pool
    line = LinearDiscriminantAnalysis().fit(pool.inputs.numpy(), pool.targets.numpy())
    assert 0.8 < line.score(pool.inputs.numpy(), pool.targets.numpy()) < 0.92


def test_targets_for_one_output():
    classes, signs = moons().pool, moons(encoding="signs").pool
    assert torch.equal(signs.targets[:, 0], 2.0 * classes.targets - 1)
    assert torch.equal(signs.inputs, classes.inputs)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"examples": 1}, r"data\.examples=1; valid: 2 or more"),
        ({"noise": -0.1}, r"data\.noise=-0\.1"),
        ({"data_seed": -1}, r"data\.data_seed=-1; valid here: 0 to 2\^32"),
        ({"data_seed": 2**32}, r"data\.data_seed=4294967296"),
        ({"encoding": "hot"}, "Unknown encoding 'hot'"),
    ],
)
def test_what_is_out_of_range(options, message):
    with pytest.raises(DataError, match=message):
        moons(**options)
