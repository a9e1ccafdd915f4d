import pytest
import torch

from ablate.data import mnist1d, mnist1d_features, split
from ablate.data.mnist1d_features import _trained
from ablate.errors import DataError
from tests.tolerances import NETWORK_64

pytestmark = pytest.mark.numeric


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    """A cache folder of these tests; draws are kept there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


def test_it_has_the_other_classes_and_all_of_their_examples():
    source = mnist1d_features()
    assert source.pool.inputs.shape == (2500, 125)
    assert source.pool.targets.bincount().tolist() == [500] * 5
    drawn = mnist1d()
    others = drawn.pool.targets >= 5
    count = int(others.sum())
    assert torch.equal(source.pool.targets[:count], drawn.pool.targets[others] - 5)
    features = _trained(0)(drawn.pool.inputs[others].double())
    torch.testing.assert_close(source.pool.inputs[:count], features.float(), rtol=1e-5, atol=1e-5)


def test_splits_are_standardised_and_have_their_sizes():
    splits = split(mnist1d_features(), seed=3)
    assert [len(part) for part in (splits.train, splits.val, splits.test)] == [1200, 300, 1000]
    assert splits.train.inputs.mean(0).abs().max() < 1e-4
    spread = splits.train.inputs.std(0, correction=0)
    assert bool(((spread - 1).abs() < 1e-3).logical_or(spread == 0).all())


def test_what_was_learned_of_some_classes_tells_others_apart():
    """Above the nearest training example by raw sequences, which is what the features must add to."""

    def nearest(train, test):
        found = torch.cdist(test.inputs.flatten(1), train.inputs.flatten(1)).argmin(1)
        return (train.targets[found] == test.targets).float().mean().item()

    by_features = split(mnist1d_features(), seed=0)
    drawn = mnist1d()
    train, test = (part.at(torch.nonzero(part.targets >= 5)[:, 0]) for part in (drawn.pool, drawn.test))
    assert nearest(by_features.train, by_features.test) > nearest(train, test) + 0.05


def test_all_replicates_have_the_same_features_of_other_draws():
    one, again, other = (mnist1d_features(replicate_seed=seed) for seed in (5, 5, 6))
    assert one.is_fresh
    assert split(one, seed=5).sampling == "fresh"
    assert torch.equal(one.pool.inputs, again.pool.inputs)
    assert not torch.equal(one.pool.inputs, other.pool.inputs)
    fixed = mnist1d_features(data_seed=5, replicate_seed=9)
    assert not fixed.is_fresh
    assert torch.equal(fixed.pool.inputs, one.pool.inputs)
    assert not torch.equal(mnist1d_features(data_seed=5, feature_seed=1).pool.inputs, one.pool.inputs)


def test_the_network_is_the_same_whatever_the_global_state_which_it_leaves():
    torch.manual_seed(8)
    wanted = torch.rand(3)
    torch.manual_seed(8)
    _trained.cache_clear()
    with torch.inference_mode():
        first = _trained(0).state_dict()
    assert torch.equal(torch.rand(3), wanted)
    _trained.cache_clear()
    for name, value in _trained(0).state_dict().items():
        torch.testing.assert_close(value, first[name], rtol=NETWORK_64, atol=NETWORK_64)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"feature_seed": -1}, r"data\.feature_seed=-1; valid: 0 or more"),
        ({"limit": 9000}, r"data\.limit=9000, but there are 2500 examples"),
    ],
)
def test_nonsense_is_refused(option, message):
    with pytest.raises(DataError, match=message):
        mnist1d_features(**option)
