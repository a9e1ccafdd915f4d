import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from ablate.data import digit_pairs, split
from ablate.errors import DataError

pytestmark = pytest.mark.numeric


@pytest.fixture(scope="module")
def source():
    return digit_pairs()


@pytest.fixture(scope="module")
def known():
    """Pixels → the digit, as scikit-learn has it."""
    bunch = load_digits()
    table = {tuple(row): int(digit) for row, digit in zip(bunch.data, bunch.target, strict=True)}
    assert len(table) == 1797
    return table


def halves(arrays):
    pixels = (arrays.inputs[:, 0] * 16).numpy()
    return [[tuple(image.ravel()) for image in half] for half in (pixels[:, :, :8], pixels[:, :, 8:])]


@pytest.mark.parametrize("part", ["pool", "test"])
def test_the_class_says_whether_one_digit_is_odd(source, known, part):
    arrays = getattr(source, part)
    left, right = halves(arrays)
    odd = [(known[a] % 2 == 1) != (known[b] % 2 == 1) for a, b in zip(left, right, strict=True)]
    assert arrays.targets.tolist() == [int(x) for x in odd]


def test_no_test_image_is_trained_on(source):
    left, right = halves(source.pool)
    tested, also = halves(source.test)
    ours, theirs = {*left, *right}, {*tested, *also}
    assert not ours & theirs
    assert len(ours) <= 1200
    assert 550 < len(theirs) <= 597


def test_classes_are_balanced_and_one_digit_says_nothing(source, known):
    odd = np.array([[known[image] % 2 for image in half] for half in halves(source.pool)]).T
    classes = source.pool.targets.numpy()
    for share in (classes.mean(), classes[odd[:, 0] == 1].mean(), classes[odd[:, 1] == 0].mean()):
        assert share == pytest.approx(0.5, abs=5 * np.sqrt(0.25 / 2600))


def test_what_adds_up_left_and_right_is_no_better_than_the_constant(source, known):
    """Least squares on which digit is left and which is right; 18 coefficients fit 18/5200 of the noise."""
    digits = [np.eye(10)[[known[image] for image in half]] for half in halves(source.pool)]
    y = source.pool.targets.double().numpy()
    design = np.concatenate(digits, axis=1)
    fitted = design @ np.linalg.lstsq(design, y, rcond=None)[0]
    assert ((y - fitted) ** 2).mean() == pytest.approx(0.25, abs=0.003)


def test_sizes_limit_and_seed(source):
    splits = split(source, seed=0)
    assert (len(splits.train), len(splits.val), len(splits.test)) == (5000, 200, 1000)
    assert splits.train.inputs.shape == (5000, 1, 8, 16)
    small = digit_pairs(limit=40, test_size=30)
    assert (len(small.pool), len(small.test)) == (40, 30)
    assert torch.equal(small.test.inputs, source.test.inputs[:30])
    assert torch.equal(digit_pairs(examples=100).pool.inputs, source.pool.inputs[:100])
    assert not torch.equal(digit_pairs(examples=100, data_seed=1).pool.inputs, source.pool.inputs[:100])


@pytest.mark.parametrize("option", ["examples", "test_size"])
def test_what_is_out_of_range(option):
    with pytest.raises(DataError, match=rf"data\.{option}=0"):
        digit_pairs(**{option: 0})
