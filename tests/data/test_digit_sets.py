import numpy as np
import pytest
import torch

from ablate.data import digit_sets, split
from ablate.data.digits import images
from ablate.errors import DataError

pytestmark = pytest.mark.numeric


@pytest.fixture(scope="module")
def known():
    """Pixels → the digit."""
    whole = images()
    return {tuple(x.flatten().tolist()): int(y) for x, y in zip(whole.inputs, whole.targets, strict=True)}


def places(example):
    return [tuple(part.flatten().tolist()) for part in example.split(8, dim=2)]


@pytest.mark.parametrize("fewest", [0, 2])
def test_labels_are_the_digits_that_are_there(known, fewest):
    source = digit_sets(fewest=fewest, examples=600, val_size=50, test_size=80)
    counts = []
    for arrays in (source.pool, source.test):
        for example, labels in zip(arrays.inputs, arrays.targets, strict=True):
            shown = [known[place] for place in places(example) if any(place)]
            assert sorted(set(shown)) == torch.nonzero(labels)[:, 0].tolist()
            counts.append(len(shown))
    share = 1 / (4 - fewest)
    for count in range(4):
        expected = share if count >= fewest else 0
        assert counts.count(count) / len(counts) == pytest.approx(expected, abs=5 * np.sqrt(share / len(counts)))


def test_no_test_digit_is_trained_on():
    source = digit_sets(examples=600, val_size=50, test_size=200)
    ours, theirs = (
        {place for example in arrays.inputs for place in places(example) if any(place)}
        for arrays in (source.pool, source.test)
    )
    assert not ours & theirs


def test_the_seed_fixes_the_draw_and_every_replicate_has_the_test_set():
    a, b = (split(digit_sets(examples=300, val_size=50, test_size=60), seed=seed) for seed in (0, 1))
    assert torch.equal(a.test.inputs, b.test.inputs)
    assert not torch.equal(a.val.inputs, b.val.inputs)
    other = digit_sets(examples=300, val_size=50, test_size=60, data_seed=1)
    assert not torch.equal(other.test.inputs, a.test.inputs)


@pytest.mark.parametrize("fewest", [-1, 4])
def test_nonsense_is_refused(fewest):
    with pytest.raises(DataError, match=rf"data\.fewest={fewest}; valid: 0 to data\.places=3"):
        digit_sets(fewest=fewest)
