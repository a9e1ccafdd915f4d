"""Data that are passed: taken into memory, known by their content, refused where they have no identity."""

import numpy as np
import pytest
import torch
from torch.utils.data import Dataset, IterableDataset, TensorDataset

from ablate.data import split
from ablate.errors import DataError
from ablate.python.examples import passed

X, Y = torch.linspace(0, 1, 40).reshape(20, 2), torch.arange(20) % 3


class Pairs(Dataset):
    def __init__(self, noise=0.0):
        self.noise = noise

    def __len__(self):
        return len(X)

    def __getitem__(self, index):
        return X[index] + self.noise * torch.rand(2), int(Y[index])


class Stream(IterableDataset):
    def __iter__(self):
        return iter(zip(X, Y, strict=True))


def test_a_pair_a_dataset_and_arrays_of_the_same_content_are_the_same():
    found = [passed(data, name=None).content for data in ((X, Y), TensorDataset(X, Y), Pairs(), (X.numpy(), Y.numpy()))]
    assert len(set(found)) == 1
    assert passed((X, (Y + 1) % 3), name=None).content != found[0]
    assert passed((X + 1e-6, Y), name=None).content != found[0]
    assert passed({"train": (X, Y), "test": (X, Y)}, name=None).content != found[0]


def test_it_says_of_itself_what_the_configuration_asks():
    assert passed((X, Y), name=None).description() == {"inputs": [2], "outputs": 3, "chance": 0.35}
    values = passed((X, np.linspace(0, 1, 20)), name=None)
    assert values.description() == {"inputs": [2], "outputs": 1, "chance": None}


def test_official_validation_and_test_sets_may_be_passed():
    both = passed({"train": (X, Y), "val": (X + 1, Y), "test": (X + 2, Y)}, name=None)
    assert (both.has_val, both.has_test, both.count) == (True, True, 20)
    source = both(content=both.content, val_size=None)
    assert torch.equal(split(source, seed=0).val.inputs, X + 1)
    assert passed({"train": (X, Y), "val": (X, Y)}, name=None).content != both.content


def test_of_mappings_two_fields_are_taken():
    parts = {"train": [{"x": x, "y": y} for x, y in zip(X, Y, strict=True)], "validation": [{"x": X[0], "y": Y[0]}]}
    found = passed(parts, name=None, fields=["x", "y"])
    assert found.has_val
    assert found.content == passed({"train": (X, Y), "val": (X[:1], Y[:1])}, name=None).content


def test_what_takes_too_much_memory_is_streamed_and_has_the_same_content():
    found, whole = passed(Pairs(), name=None, limit_gib=2e-7), passed(Pairs(), name=None)
    assert found.content == whole.content
    assert found.description() == whole.description()
    source = found(content=found.content, val_size=2, test_size=4)
    assert split(source, seed=0).is_streamed
    assert source.held.startswith("data: 20 examples are streamed by 1 DataLoader workers: 0.000305 MiB do not fit in")


def test_a_stream_needs_a_name_which_is_its_identity():
    with pytest.raises(DataError, match=r"no identity can be had of it\. Name it, as in data_name="):
        passed(Stream(), name=None)
    assert passed(Stream(), name="corpus").content == "name:corpus"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (Pairs(noise=1.0), "Two readings of the first example of data differ"),
        ((Y.reshape(20, 1).to(torch.uint8), Y), r"The inputs of data are uint8: .* or on token ids \(int64\)"),
        ({"train": (X, Y), "dev": (X, Y)}, "data has the keys 'train', 'dev'. Valid: a pair"),
        ({"test": (X, Y)}, "data has the keys 'test'. Valid: a pair"),
        (3, "data is an int. Valid: a pair of tensors"),
        ([(X[0], 1), (X[0, :1], 1)], "not all of one shape"),
        ([X[0], X[1], X[2]], "is a Tensor, not a pair"),
        ([("a", 1)], "which are not numbers"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_what_can(data, said):
    with pytest.raises(DataError, match=said):
        passed(data, name=None)


def test_other_examples_than_the_configuration_speaks_of_are_refused():
    with pytest.raises(DataError, match="they are others"):
        passed((X, Y), name=None)(content="0" * 16, val_size=2, test_size=2)
