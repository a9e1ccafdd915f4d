import numpy as np
import pytest
import torch
from sklearn.datasets import load_diabetes

from ablate.data import diabetes, split

pytestmark = pytest.mark.numeric


def together(splits, what):
    return torch.cat([getattr(arrays, what) for arrays in (splits.train, splits.val, splits.test)])


def test_sizes_and_shapes():
    splits = split(diabetes(), seed=0)
    assert (len(splits.train), len(splits.val), len(splits.test)) == (250, 92, 100)
    assert splits.train.inputs.shape == (250, 10)
    assert splits.train.targets.shape == (250, 1)


def test_the_train_split_has_mean_zero_and_sd_one():
    train = split(diabetes(), seed=3).train
    for values in (train.inputs.double(), train.targets.double()):
        np.testing.assert_allclose(values.mean(0), 0, atol=1e-5)
        np.testing.assert_allclose(values.std(0, correction=0), 1, atol=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_about_half_of_the_targets_are_negative_until_they_are_shifted(seed):
    targets = together(split(diabetes(), seed=seed), "targets")
    assert 0.45 < (targets < 0).float().mean() < 0.65
    shifted = together(split(diabetes(target_shift=2.0), seed=seed), "targets")
    assert (shifted > 0).all()
    torch.testing.assert_close(shifted, targets + 2)


def test_the_values_are_scikit_learns_but_for_their_scale():
    """Its own scaled features and these are affine images of each other, patient by patient."""
    features, progression = load_diabetes(return_X_y=True)
    source = diabetes()
    for column in range(10):
        assert np.corrcoef(source.pool.inputs[:, column], features[:, column])[0, 1] == pytest.approx(1, abs=1e-6)
    np.testing.assert_array_equal(source.pool.targets[:, 0], progression)


def test_a_linear_fit_explains_what_it_is_known_to():
    """R² of least squares on all 442 patients is .5177 (Efron et al. 2004, the full model)."""
    pool = diabetes().pool
    x = np.c_[np.ones(442), pool.inputs.double()]
    y = pool.targets[:, 0].double().numpy()
    residual = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    assert 1 - residual.var() / y.var() == pytest.approx(0.5177, abs=1e-4)


def test_a_limit():
    assert len(diabetes(limit=120).pool) == 120
