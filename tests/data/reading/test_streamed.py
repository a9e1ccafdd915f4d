"""What does not fit in memory is the same as what does, apart from where its inputs are."""

import pytest
import torch
from torch.utils.data import Dataset

from ablate.data import check, split
from ablate.data.reading.examples import examples
from ablate.data.reading.source import as_source
from ablate.data.reading.streamed import Streamed
from ablate.errors import DataError

COUNT = 150
INPUTS = torch.linspace(-1, 1, COUNT * 12).sin().reshape(COUNT, 3, 4)
LIMIT = 3e-6
"""In GiB: more than the targets take, and less than all."""


class Waves(Dataset):
    def __init__(self, targets=None, at=None, instead=None):
        self.targets = torch.arange(COUNT) % 5 if targets is None else targets
        self.at, self.instead = at, instead

    def __len__(self):
        return COUNT

    def __getitem__(self, index):
        if index == self.at:
            if isinstance(self.instead, Exception):
                raise self.instead
            return self.instead
        return INPUTS[index], self.targets[index]


def streamed(**changed):
    return examples(Waves(**changed), "data", limit_gib=LIMIT, workers=1)


@pytest.fixture
def part():
    found = streamed()
    assert isinstance(found, Streamed)
    yield found
    found.close()


def test_targets_are_in_memory_and_inputs_are_read(part):
    assert torch.equal(part.targets, torch.arange(COUNT) % 5)
    assert (len(part), part.shape, part.has_classes, part.has_tokens) == (COUNT, (3, 4), True, False)
    assert part.nbytes == 8 * COUNT
    assert part.whole_bytes == 8 * COUNT + INPUTS.nbytes
    rows = torch.tensor([140, 3, 77])
    assert torch.equal(next(part.read([rows])), INPUTS[rows])
    assert torch.equal(torch.cat(list(part.in_order())), INPUTS)


def test_a_part_of_it_and_changes_of_its_inputs_are_made_when_it_is_read(part):
    chosen = part.at(torch.tensor([9, 4, 2])).at(torch.tensor([2, 0])).with_inputs(lambda x: x + 1).with_inputs(abs)
    assert torch.equal(chosen.targets, torch.tensor([2, 4]))
    expected = (INPUTS[[2, 9]] + 1).abs()
    assert torch.equal(chosen.first(5)[0], expected)
    assert torch.equal(next(chosen.read([torch.arange(2)])), expected)


@pytest.mark.parametrize("targets", [None, torch.arange(COUNT).float() / 7])
def test_splits_are_those_of_data_in_memory(targets):
    standardised = {"standardise_targets": targets is not None}
    lazy, whole = (
        split(as_source({"train": Waves(targets)}, title="data", workers=1, **limit, **standardised), seed=3)
        for limit in ({"resident_gib": LIMIT}, {})
    )
    assert lazy.is_streamed
    assert not whole.is_streamed
    check(lazy, inputs=[3, 4], outputs=5 if targets is None else 1)
    for name in ("train", "val", "test"):
        mine, theirs = getattr(lazy, name), getattr(whole, name)
        assert torch.equal(torch.cat(list(mine.in_order())), theirs.inputs)
        assert torch.equal(mine.targets, theirs.targets)


@pytest.mark.numeric
def test_channels_are_standardised_by_the_moments_of_the_train_split():
    lazy, whole = (
        split(as_source({"train": Waves()}, title="data", workers=1, standardise_inputs=True, **limit), seed=3)
        for limit in ({"resident_gib": LIMIT}, {})
    )
    # Moments are joined in double precision here, and computed in single there.
    torch.testing.assert_close(torch.cat(list(lazy.test.in_order())), whole.test.inputs, rtol=1e-5, atol=1e-5)


def test_a_limit_chooses_examples_before_they_are_read():
    source = as_source({"train": Waves()}, title="data", workers=1, limit=100, resident_gib=2e-6)
    assert isinstance(source.pool, Streamed)
    whole = as_source({"train": Waves()}, title="data", limit=100)
    assert torch.equal(source.pool.targets, whole.pool.targets)
    assert torch.equal(source.pool.first(100)[0], whole.pool.inputs)


def test_a_small_official_set_stays_in_memory_and_the_plan_is_told_both():
    small = (INPUTS[:9], torch.arange(9) % 5)
    source = as_source({"train": Waves(), "test": small}, title="data: mine.Waves", workers=2, resident_gib=LIMIT)
    assert not isinstance(source.test, Streamed)
    assert source.held == (
        "data: mine.Waves: 150 examples are streamed by 2 DataLoader workers: 0.00801 MiB do not fit in memory "
        "(data.resident_gib=3e-06 is the limit). Their trials train one by one, and have no simple predictor. 9 "
        "examples are resident in memory, 0.000481 MiB (data.resident_gib=3e-06 is the limit)."
    )


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"at": 100, "instead": (INPUTS[0, :2], 1)},
            r"one shape: \[3, 4\] is .* first, and \[2, 4\] that of example 100",
        ),
        ({"at": 100, "instead": (INPUTS[0], 0.5)}, "one type: the first has int64, and example 100 float32"),
        (
            {"at": 100, "instead": (INPUTS[0] / 0, torch.tensor(1))},
            "The examples 64 to 127 of data hold NaN or infinite",
        ),
        ({"at": 100, "instead": OSError("gone")}, "Example 100 of data cannot be read: OSError: gone"),
        ({"targets": torch.zeros(COUNT, 6)}, "alone take 0.00343 MiB, and they are kept in memory"),
    ],
)
def test_what_cannot_be_streamed_is_refused(changed, said):
    with pytest.raises(DataError, match=said):
        streamed(**changed)
