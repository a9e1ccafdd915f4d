import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import StandardScaler

from ablate.data.scale import Scale

pytestmark = pytest.mark.numeric


@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 10**6),
    st.integers(2, 50),
    st.integers(1, 6),
    st.floats(-100, 100),
    st.floats(0.01, 100),
)
def test_features_as_scikit_learn(seed, examples, features, centre, spread):
    rng = np.random.default_rng(seed)
    fitted = rng.normal(centre, spread, (examples, features)).astype(np.float32)
    other = rng.normal(centre, spread, (5, features)).astype(np.float32)
    expected = StandardScaler().fit(fitted.astype(np.float64)).transform(other.astype(np.float64))
    actual = Scale.of(torch.from_numpy(fitted)).apply(torch.from_numpy(other)).numpy()
    np.testing.assert_allclose(actual, expected, rtol=1e-3, atol=1e-3 * (1 + abs(centre) / spread))


def test_channels_have_one_mean_and_sd_each():
    values = np.random.default_rng(0).normal(3, 2, (50, 3, 4, 5)) * np.array([1, 10, 100]).reshape(1, 3, 1, 1)
    tensor = torch.tensor(values, dtype=torch.float32)
    scale = Scale.of(tensor)
    assert scale.mean.shape == (1, 3, 1, 1)
    mean = values.mean(axis=(0, 2, 3), keepdims=True)
    sd = values.std(axis=(0, 2, 3), keepdims=True)
    np.testing.assert_allclose(scale.apply(tensor), (values - mean) / sd, atol=1e-5)


@pytest.mark.parametrize("constant", [0.0, 0.1, -1 / 3, 1e4 / 7])
def test_a_constant_is_only_centred(constant):
    values = torch.full((1000, 2), constant)
    values[:, 1] = torch.arange(1000.0)
    scale = Scale.of(values)
    assert scale.sd[0, 0] == 1
    assert scale.apply(values)[:, 0].abs().max() <= 1e-3 * abs(constant)
    assert scale.apply(torch.full((1, 2), constant + 1.0))[0, 0].item() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("sizes", [[7], [3, 1, 3], [1] * 7])
def test_moments_of_parts_are_those_of_the_whole(sizes):
    values = torch.linspace(-1, 1, 7 * 3 * 4).exp().reshape(7, 3, 4) + 1000
    values[:, 2] = 0.1  # a constant
    joined = Scale.of_parts(values.split(sizes))
    mean, sd = values.double().mean((0, 2)), values.double().std((0, 2), correction=0)
    torch.testing.assert_close(joined.mean[0, :, 0].double(), mean, rtol=1e-6, atol=0.0)
    torch.testing.assert_close(joined.sd[0, :2, 0].double(), sd[:2], rtol=1e-6, atol=0.0)
    assert float(joined.sd[0, 2]) == 1
