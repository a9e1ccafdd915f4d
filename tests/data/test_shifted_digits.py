import pytest
import torch
from sklearn.datasets import load_digits

from ablate.data import shifted_digits, split
from ablate.errors import DataError

pytestmark = pytest.mark.numeric


def rolls(moved, still, farthest):
    """How far each image of `moved` is from its place in `still`: the first (down, right) that fits."""
    found = [None] * len(still)
    for down in range(-farthest, farthest + 1):
        for right in range(-farthest, farthest + 1):
            same = (torch.roll(still, (down, right), dims=(2, 3)) == moved).flatten(1).all(dim=1)
            for i in torch.nonzero(same)[:, 0].tolist():
                found[i] = (down, right)
    return found


def test_unmoved_digits_are_scikit_learns_in_the_middle():
    bunch = load_digits()
    known = {tuple(row): int(digit) for row, digit in zip(bunch.data, bunch.target, strict=True)}
    source = shifted_digits(canvas=15, shift=0)
    seen = []
    for arrays in (source.pool, source.test):
        assert arrays.inputs.shape[1:] == (1, 15, 15)
        inner = (arrays.inputs[:, 0, 3:11, 3:11] * 16).flatten(1).tolist()
        assert [known[tuple(image)] for image in inner] == arrays.targets.tolist()
        torch.testing.assert_close(arrays.inputs.sum(dim=(1, 2, 3)) * 16, torch.tensor(inner).sum(dim=1))
        seen += [tuple(image) for image in inner]
    assert len(seen) == len(set(seen)) == 1797  # each image once: no test image is trained on


@pytest.mark.parametrize("part", ["pool", "test"])
def test_digits_are_moved_every_way_equally_often(part):
    still, moved = (getattr(shifted_digits(shift=shift), part) for shift in (0, 1))
    found = rolls(moved.inputs, still.inputs, 1)
    assert None not in found
    n = len(found)
    for place in {(d, r) for d in (-1, 0, 1) for r in (-1, 0, 1)}:
        assert found.count(place) / n == pytest.approx(1 / 9, abs=5 * (0.1 / n) ** 0.5)


def test_the_test_digits_move_on_their_own():
    fixed, tested_elsewhere = shifted_digits(shift=0), shifted_digits(shift=0, test_shift=3)
    assert torch.equal(fixed.pool.inputs, tested_elsewhere.pool.inputs)
    places = rolls(tested_elsewhere.test.inputs, fixed.test.inputs, 3)
    assert len(set(places)) == 49
    assert torch.equal(fixed.test.targets, tested_elsewhere.test.targets)


def test_sizes_limit_and_seed():
    splits = split(shifted_digits(), seed=0)
    assert (len(splits.train), len(splits.val), len(splits.test)) == (1000, 200, 597)
    assert splits.train.inputs.shape == (1000, 1, 14, 14)
    assert len(shifted_digits(limit=80).pool) == 80
    assert not torch.equal(shifted_digits(data_seed=1).test.targets, shifted_digits().test.targets)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shift": 4}, r"data\.shift=4, data\.test_shift=4: a digit would leave.*data\.canvas=14: 0 to 3"),
        ({"canvas": 9, "shift": 0, "test_shift": 1}, r"data\.canvas=9: 0 to 0"),
        ({"canvas": 7}, r"data\.canvas=7; valid: 8 or more"),
        ({"shift": -1}, r"data\.shift=-1"),
        ({"test_shift": -1}, r"data\.test_shift=-1"),
    ],
)
def test_what_is_out_of_range(options, message):
    with pytest.raises(DataError, match=message):
        shifted_digits(**options)
