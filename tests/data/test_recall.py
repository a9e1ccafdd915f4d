import itertools

import numpy as np
import pytest
import torch
from scipy.special import softmax

from ablate.data import recall, split
from ablate.errors import DataError

pytestmark = pytest.mark.numeric


def parts(pool, key_size):
    """Keys and queries (lists, key_size, pairs), one-hot values (lists, values, pairs), classes."""
    lists = pool.inputs.double().numpy()
    return lists[:, :key_size], lists[:, key_size : 2 * key_size], lists[:, 2 * key_size :], pool.targets.numpy()


def test_the_right_key_is_the_only_one_with_an_inner_product_of_one_and_has_the_class_as_value():
    keys, queries, held, classes = parts(recall(pairs=5, values=3, key_size=4).pool, 4)
    np.testing.assert_allclose((keys**2).sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(queries, np.broadcast_to(queries[..., :1], queries.shape))
    products = (keys * queries).sum(axis=1)
    right = products.argmax(axis=1)
    np.testing.assert_allclose(products.max(axis=1), 1, rtol=1e-5)
    assert np.sort(products, axis=1)[:, -2].max() < 0.9999
    np.testing.assert_array_equal(held[np.arange(2600), :, right].argmax(axis=1), classes)
    assert set(np.unique(held)) == {0, 1}
    np.testing.assert_array_equal(held.sum(axis=1), 1)


def test_keys_places_and_values_are_uniform():
    n = 12_000
    keys, queries, held, classes = parts(recall(pairs=4, values=3, key_size=3, examples=n).pool, 3)
    np.testing.assert_allclose(np.einsum("nkp,nlp->kl", keys, keys) / (4 * n), np.eye(3) / 3, atol=0.01)
    np.testing.assert_allclose(keys.mean(axis=0), 0, atol=5 / np.sqrt(3 * n))
    right = (keys * queries).sum(axis=1).argmax(axis=1)
    for labels, count in ((right, 4), (classes, 3), (held[..., 0].argmax(axis=1), 3)):
        assert np.abs(np.bincount(labels, minlength=count) / n - 1 / count).max() < 5 * np.sqrt(0.25 / n)


def test_without_the_keys_the_most_frequent_value_is_the_best_guess():
    """By enumeration: four values of three each."""
    pool = recall(pairs=4, values=3, examples=20_000).pool
    _, _, held, classes = parts(pool, 8)
    guess = held.sum(axis=2).argmax(axis=1)
    lists = itertools.product(range(3), repeat=4)
    expected = np.mean([np.bincount(values).max() / 4 for values in lists])
    assert (guess == classes).mean() == pytest.approx(expected, abs=4 * np.sqrt(0.25 / 20_000))


@pytest.mark.parametrize(
    ("weights", "accuracy"),
    [
        (np.ones_like, 0.263),
        (lambda products: products, 0.73),
        (lambda products: np.maximum(products, 0), 0.84),
        (lambda products: softmax(8 * products, axis=1), 1.0),
    ],
    ids=["mean", "linear", "relu", "softmax"],
)
def test_what_a_pooling_of_the_values_can_do(weights, accuracy):
    keys, queries, held, classes = parts(recall(examples=6000).pool, 8)
    pooled = np.einsum("np,nvp->nv", weights((keys * queries).sum(axis=1)), held)
    assert (pooled.argmax(axis=1) == classes).mean() == pytest.approx(accuracy, abs=0.025)


def test_sizes_limit_and_seed():
    splits = split(recall(), seed=0)
    assert (len(splits.train), len(splits.val), len(splits.test)) == (2000, 200, 400)
    assert splits.train.inputs.shape == (2000, 24, 16)
    assert len(recall(limit=90).pool) == 90
    few, more, other = (recall(examples=n, data_seed=s).pool for n, s in ((50, 0), (80, 0), (50, 1)))
    assert torch.equal(few.inputs, more.inputs[:50])
    assert torch.equal(few.targets, more.targets[:50])
    assert not torch.equal(few.inputs, other.inputs)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pairs": 0}, r"data\.pairs=0; valid: 1 or more"),
        ({"values": 0}, r"data\.values=0"),
        ({"key_size": 1}, r"data\.key_size=1; valid: 2 or more"),
        ({"examples": 0}, r"data\.examples=0"),
        ({"data_seed": -1}, r"data\.data_seed=-1"),
    ],
)
def test_what_is_out_of_range(options, message):
    with pytest.raises(DataError, match=message):
        recall(**options)
