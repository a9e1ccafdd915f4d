"""Data sets become tensors: one contract for pairs, Datasets and iterables, measured before they are read."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import Dataset, IterableDataset, TensorDataset

from ablate.data.reading.examples import examples
from ablate.data.reading.size import measured_bytes
from ablate.data.reading.streamed import Streamed
from ablate.data.source import Arrays
from ablate.errors import DataError

X, Y = torch.linspace(0, 1, 40).reshape(20, 2), torch.arange(20) % 3


class Pairs(Dataset):
    def __init__(self, examples):
        self.examples, self.read = examples, []

    def __len__(self):
        return len(self.examples)

    def __getitem__(self, index):
        self.read.append(index)
        return self.examples[index]


class Stream(IterableDataset):
    def __iter__(self):
        return iter(zip(X, Y, strict=True))


@pytest.mark.parametrize(
    "data",
    [
        (X, Y),
        (X.numpy(), Y.numpy()),
        TensorDataset(X, Y),
        Pairs([(x, int(y)) for x, y in zip(X, Y, strict=True)]),
        [(x.numpy(), y) for x, y in zip(X, Y, strict=True)],
        Stream(),
    ],
)
def test_all_of_them_become_the_same_tensors(data):
    found = examples(data, "data")
    assert torch.equal(found.inputs, X)
    assert torch.equal(found.targets, Y)


def test_an_image_of_pil_becomes_channels_in_0_to_1():
    pixels = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    data = [(Image.fromarray(pixels), 0), (Image.fromarray(pixels), 1)]
    assert torch.equal(examples(data, "data").inputs[1], torch.from_numpy(pixels).permute(2, 0, 1) / 255)
    grey = [(Image.fromarray(pixels[:, :, 0]), 0), (Image.fromarray(pixels[:, :, 0]), 1)]
    assert examples(grey, "data").inputs.shape == (2, 1, 2, 3)


@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
def test_token_ids_stay_whole_numbers(dtype):
    found = examples((torch.arange(12, dtype=dtype).reshape(4, 3), torch.arange(4)), "data")
    assert found.inputs.dtype == torch.int64
    assert found.inputs[1].tolist() == [3, 4, 5]


def test_a_data_set_is_measured_by_a_few_of_its_examples_before_any_is_kept():
    data = Pairs([(torch.zeros(3, 8, 8), 0)] * 1000)
    assert measured_bytes([(torch.zeros(3, 8, 8), torch.tensor(0))], 1000) == 1000 * (3 * 64 * 4 + 8)
    assert isinstance(examples(data, "data", limit_gib=0.001), Arrays)
    data.read.clear()
    assert isinstance(examples(data, "data", limit_gib=0.0005, workers=1), Streamed)
    assert len(data.read) < 20  # the workers have read the rest


def test_a_stream_is_measured_as_it_is_read():
    said = r"more than 1e-07 GiB in memory, data\.resident_gib, after 7 examples, .* Give it __len__ and __getitem__"
    with pytest.raises(DataError, match=said):
        examples(Stream(), "data", limit_gib=1e-7)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([(X[0], 1), (X[0, :1], 1)], r"not all of one shape: \[2\] is that of the first, and \[1\] that of example 1"),
        ([(X[0], 1), (X[0], 0.5)], "not all of one type: the first has int64, and example 1 float32"),
        (Pairs([]), "data has no examples"),
        (3, "data is an int. Valid: a pair of tensors"),
        ("text", "data is a str. Valid"),
    ],
)
def test_what_cannot_be_read_is_refused(data, said):
    with pytest.raises(DataError, match=said):
        examples(data, "data")
