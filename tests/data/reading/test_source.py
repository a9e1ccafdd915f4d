"""What torch has becomes a Source, with sizes in examples or in shares."""

import pytest
import torch
from torch.utils.data import Dataset

from ablate.data import split
from ablate.data.reading.source import as_source
from ablate.errors import DataError

X, Y = torch.linspace(0, 1, 80).reshape(40, 2), torch.arange(40) % 3


class Counted(Dataset):
    def __init__(self):
        self.read = set()

    def __len__(self):
        return len(X)

    def __getitem__(self, index):
        self.read.add(index)
        return X[index], Y[index]


def sizes(splits):
    return len(splits.train), len(splits.val), len(splits.test)


@pytest.mark.parametrize(
    ("parts", "asked", "found"),
    [
        ((), {}, (28, 4, 8)),
        ((), {"val_size": 5, "test_size": 0.25}, (25, 5, 10)),
        ((), {"limit": 20}, (14, 2, 4)),
        (("test",), {}, (36, 4, 40)),
        (("val", "test"), {}, (40, 40, 40)),
        (("val", "test"), {"test_size": 10, "val_size": 0.5}, (40, 20, 10)),
    ],
)
def test_sizes_are_examples_or_shares_and_official_sets_are_taken_whole(parts, asked, found):
    source = as_source({"train": (X, Y), **dict.fromkeys(parts, (X, Y))}, title="data", **asked)
    assert sizes(split(source, seed=0)) == found


def test_an_official_validation_set_is_the_same_for_every_seed():
    source = as_source({"train": (X, Y), "val": (X + 2, Y), "test": (X + 4, Y)}, title="data")
    one, other = split(source, seed=0), split(source, seed=1)
    assert torch.equal(one.val.inputs, X + 2)
    assert torch.equal(one.val.inputs, other.val.inputs)
    assert float(one.train.inputs.max()) <= 1


def test_of_a_limited_data_set_no_more_is_read():
    data = Counted()
    source = as_source({"train": data}, title="data", limit=10)
    assert len(source.pool) == 10
    assert len(data.read) == 10


class Mappings:
    """As a data set of Hugging Face: found by number, and gone through."""

    def __len__(self):
        return len(X)

    def __getitem__(self, index):
        return {"id": index, "point": X[index].tolist(), "label": int(Y[index])}

    def __iter__(self):
        return (self[index] for index in range(len(self)))


@pytest.mark.parametrize("data", [Mappings(), iter(Mappings())])
def test_two_fields_of_mappings_are_a_pair(data):
    pool = as_source({"train": data}, title="data", fields=["point", "label"]).pool
    assert torch.equal(pool.inputs, X)
    assert torch.equal(pool.targets, Y)


def test_parts_may_have_the_names_that_others_give_them():
    parts = {"train": Mappings(), "validation": Mappings(), "test": Mappings()}
    assert sizes(split(as_source(parts, title="data", fields=["point", "label"]), seed=0)) == (40, 40, 40)


@pytest.mark.parametrize(
    ("data", "fields", "said"),
    [
        (Mappings(), None, r"has the fields 'id', 'point', 'label': say which two .* data\.fields=\[id,point\]"),
        (Mappings(), ["pint", "label"], r"Unknown field in data\.fields 'pint'\. Did you mean 'point'\?"),
        (Mappings(), ["point"], r"data\.fields=\['point'\] are not two, those of the input and the target"),
        ([(X[0], 1), (X[1], 0)], ["point", "label"], r"is a tuple, which has no fields\. Leave data\.fields out"),
    ],
)
def test_fields_that_do_not_fit_are_refused(data, fields, said):
    with pytest.raises(DataError, match=said):
        as_source({"train": data}, title="data", fields=fields)


@pytest.mark.parametrize(
    ("parts", "said"),
    [({"test": (X, Y)}, "has no examples to train on"), ({"train": (X, Y), "dev": (X, Y)}, "and not 'dev'")],
)
def test_parts_that_are_none_are_refused(parts, said):
    with pytest.raises(DataError, match=said):
        as_source(parts, title="data")
