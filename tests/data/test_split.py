import random

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import StandardScaler

from ablate.data import Arrays, Source, Splits, check, split
from ablate.data.split import training_examples
from ablate.errors import DataError

pytestmark = pytest.mark.numeric


def numbered(n, start=0):
    """Examples that carry their own number, as input and as target."""
    numbers = torch.arange(start, start + n)
    return Arrays(inputs=numbers.float().unsqueeze(1), targets=numbers)


def numbers(arrays):
    assert torch.equal(arrays.inputs[:, 0].long(), arrays.targets)
    return arrays.targets.tolist()


def normal(n, seed=0, centre=5.0, spread=3.0):
    rng = np.random.default_rng(seed)
    return Arrays(
        inputs=torch.tensor(rng.normal(centre, spread, (n, 4)), dtype=torch.float32),
        targets=torch.tensor(rng.normal(-centre, spread, (n, 2)), dtype=torch.float32),
    )


@settings(deadline=None, max_examples=100)
@given(st.integers(3, 60), st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**128))
def test_splits_are_disjoint_and_cover_the_pool(n, val_size, test_size, seed):
    assume(val_size + test_size < n)
    splits = split(Source(pool=numbered(n), val_size=val_size, test_size=test_size), seed=seed)
    assert (len(splits.val), len(splits.test)) == (val_size, test_size)
    assert training_examples(Source(pool=numbered(n), val_size=val_size, test_size=test_size)) == len(splits.train)
    together = numbers(splits.train) + numbers(splits.val) + numbers(splits.test)
    assert sorted(together) == list(range(n))


@settings(deadline=None, max_examples=50)
@given(st.integers(2, 40), st.integers(1, 39), st.integers(1, 20), st.integers(0, 2**64))
def test_an_official_test_set_stays_out_of_the_pool(n, val_size, official, seed):
    assume(val_size < n)
    source = Source(pool=numbered(n), test=numbered(official, start=1000), val_size=val_size)
    splits = split(source, seed=seed)
    assert training_examples(source) == len(splits.train)
    assert numbers(splits.test) == list(range(1000, 1000 + official))
    assert len(splits.val) == val_size
    assert sorted(numbers(splits.train) + numbers(splits.val)) == list(range(n))


def test_part_of_an_official_test_set_is_the_same_for_every_seed():
    source = Source(pool=numbered(9), test=numbered(50, start=1000), val_size=2, test_size=20)
    first, second = (numbers(split(source, seed=s).test) for s in (0, 1))
    assert first == second
    assert len(set(first)) == 20


def test_the_seed_decides_and_nothing_else():
    source = Source(pool=numbered(100), val_size=10, test_size=20)
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    before = torch.get_rng_state(), np.random.get_state()[1].tolist()
    first = split(source, seed=7)
    assert torch.equal(before[0], torch.get_rng_state())
    assert before[1] == np.random.get_state()[1].tolist()
    random.seed(2), np.random.seed(2), torch.manual_seed(2)
    second, other = split(source, seed=7), split(source, seed=8)
    assert numbers(first.train) == numbers(second.train)
    assert numbers(first.val) == numbers(second.val)
    assert numbers(first.test) == numbers(second.test)
    assert set(numbers(first.test)) != set(numbers(other.test))


def test_the_draw_never_changes():
    """Trials on disk were split by it: their id says nothing of a new rule."""
    splits = split(Source(pool=numbered(10), val_size=3, test_size=2), seed=0)
    assert numbers(splits.test) == [4, 6]
    assert numbers(splits.val) == [2, 7, 3]
    assert numbers(splits.train) == [5, 9, 0, 8, 1]


def test_every_example_is_tested_equally_often():
    source = Source(pool=numbered(10), val_size=2, test_size=3)
    counts = np.bincount([i for seed in range(500) for i in numbers(split(source, seed=seed).test)])
    assert np.abs(counts - 150).max() < 5 * np.sqrt(500 * 0.3 * 0.7)


def test_another_validation_size_leaves_the_test_split():
    pool = numbered(50)
    few, many = (split(Source(pool=pool, val_size=v, test_size=9), seed=3) for v in (5, 15))
    assert numbers(few.test) == numbers(many.test)
    assert set(numbers(few.val)) < set(numbers(many.val))


def test_standardisation_is_by_the_train_split():
    sizes = {"pool": normal(200), "val_size": 50, "test_size": 60}
    raw = split(Source(**sizes), seed=4)
    scaled = split(Source(**sizes, standardise_inputs=True, standardise_targets=True, target_shift=2.0), seed=4)
    inputs = StandardScaler().fit(raw.train.inputs.double().numpy())
    targets = StandardScaler().fit(raw.train.targets.double().numpy())
    for name in ("train", "val", "test"):
        before, after = getattr(raw, name), getattr(scaled, name)
        np.testing.assert_allclose(after.inputs, inputs.transform(before.inputs.double().numpy()), atol=1e-5)
        np.testing.assert_allclose(after.targets, targets.transform(before.targets.double().numpy()) + 2, atol=1e-5)


def test_test_examples_change_nothing_that_is_trained_on():
    one, other = (
        split(Source(pool=normal(50), test=test, val_size=9, standardise_inputs=True), seed=0)
        for test in (normal(20), normal(20, seed=1, centre=1e3, spread=1e3))
    )
    assert torch.equal(one.train.inputs, other.train.inputs)
    assert torch.equal(one.val.inputs, other.val.inputs)
    assert other.test.inputs.mean() > 100


def test_a_shift_without_standardisation_is_in_the_targets_own_units():
    source = {"pool": normal(30), "val_size": 5, "test_size": 5}
    raw, shifted = split(Source(**source), seed=0), split(Source(**source, target_shift=7.0), seed=0)
    torch.testing.assert_close(shifted.test.targets, raw.test.targets + 7)
    assert torch.equal(shifted.test.inputs, raw.test.inputs)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"val_size": 4, "test_size": 6},
            r"data\.val_size=4 and data\.test_size=6 of 10 examples leave none",
        ),
        ({"val_size": 10, "test": numbered(3)}, r"data\.val_size=10 of 10 examples leave none"),
        ({"val_size": 2, "test": numbered(0)}, "official test set is empty"),
        ({"val_size": 0, "test_size": 6}, r"data\.val_size=0 leaves a split empty; valid: 1 or more"),
        ({"val_size": 2, "test_size": 0}, r"data\.test_size=0 leaves a split empty"),
        ({"val_size": 2, "test_size": -1}, r"data\.test_size=-1"),
        ({"val_size": 2}, r"no official test set: say how many examples test, by data\.test_size"),
        (
            {"val_size": 2, "test": numbered(3), "test_size": 4},
            r"data\.test_size=4, but there are 3 examples",
        ),
    ],
)
def test_sizes_that_do_not_fit(options, message):
    with pytest.raises(DataError, match=message):
        split(Source(pool=numbered(10), **options), seed=0)


def same(arrays):
    return Splits(train=arrays, val=arrays, test=arrays)


def at_positions(targets):
    return Arrays(inputs=torch.zeros(len(targets), 1), targets=torch.tensor(targets))


def test_check_passes_what_agrees():
    check(same(numbered(4)), inputs=[1], outputs=4)
    check(same(numbered(4)), inputs=(1,), outputs=5)
    check(same(normal(4)), inputs=[4], outputs=2)
    check(same(at_positions([[0, 2], [-1, 1]])), inputs=[1], outputs=3, ignored=-1)
    check(same(Arrays(inputs=torch.zeros(2, 1), targets=torch.zeros(2, 1, 3, 3))), inputs=[1], outputs=9)


@pytest.mark.parametrize(
    ("arrays", "inputs", "outputs", "message"),
    [
        (normal(4), [2, 2], 2, r"train split has shape \[4\].*data\.inputs=\[2, 2\]"),
        (normal(4), [4], 1, r"target of the train split has shape \[2\].*data\.outputs=1"),
        (numbered(4), [1], 3, r"classes 0 to 3.*data\.outputs=3, classes 0 to 2"),
        (Arrays(inputs=torch.zeros(2, 1), targets=torch.tensor([-1, 0])), [1], 3, "classes -1 to 0"),
        (at_positions([[-1, 2]]), [1], 3, r"classes -1 to 2, .* If -1 .* objective\.loss\.ignore_index=-1\."),
        (at_positions([[255, 2]]), [1], 3, r"classes 2 to 255, .* If 255 .* objective\.loss\.ignore_index=255\."),
        (Arrays(inputs=torch.zeros(1, 1), targets=torch.zeros(1, 1, 3, 3)), [1], 3, r"has shape \[1, 3, 3\]"),
        (Arrays(inputs=torch.tensor([[torch.nan]]), targets=torch.tensor([0])), [1], 1, "NaN or infinite"),
        (Arrays(inputs=torch.zeros(1, 1), targets=torch.tensor([[torch.inf]])), [1], 1, "NaN or infinite"),
    ],
)
def test_check_names_what_disagrees(arrays, inputs, outputs, message):
    with pytest.raises(DataError, match=message):
        check(same(arrays), inputs=inputs, outputs=outputs)


def test_check_looks_at_every_split():
    good, bad = numbered(3), numbered(9)
    for name in ("train", "val", "test"):
        splits = Splits(**({"train": good, "val": good, "test": good} | {name: bad}))
        with pytest.raises(DataError, match=f"The {name} split"):
            check(splits, inputs=[1], outputs=3)


def lengths(train, test, **options):
    one, other = (
        Arrays(inputs=torch.zeros(9, *shape), targets=torch.zeros(9, dtype=torch.int64)) for shape in (train, test)
    )
    return split(Source(pool=one, test=other, val_size=2, **options), seed=0)


def test_a_test_set_of_another_length_is_said_to_be_one():
    check(lengths((2, 8), (2, 16), any_length=True), inputs=[2, 8], outputs=1)
    check(lengths((2, 8), (2, 8), any_length=True), inputs=[2, 8], outputs=1)
    with pytest.raises(DataError, match=r"test split has shape \[2, 16\]"):
        check(lengths((2, 8), (2, 16)), inputs=[2, 8], outputs=1)


@pytest.mark.parametrize(
    ("train", "test", "message"),
    [
        ((2, 8), (3, 8), r"test split has shape \[3, 8\]"),
        ((2, 8), (8,), r"test split has shape \[8\]"),
        ((2, 8), (2, 8, 1), r"test split has shape \[2, 8, 1\]"),
        ((2, 16), (2, 8), r"train split has shape \[2, 16\]"),
    ],
)
def test_only_the_last_axis_of_the_test_set_is_free(train, test, message):
    with pytest.raises(DataError, match=message):
        check(lengths(train, test, any_length=True), inputs=[2, 8], outputs=1)
