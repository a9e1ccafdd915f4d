"""A `collate_fn` makes inputs and targets of examples that are something else."""

import pytest
import torch

from ablate.data.reading.collated import rows
from ablate.data.reading.source import as_source
from ablate.errors import DataError

TEXTS = [("aab", 0), ("b", 1), ("ab", 0)]


def padded(examples):
    ids = torch.zeros(len(examples), 4, dtype=torch.int64)
    for row, (text, _) in zip(ids, examples, strict=True):
        row[: len(text)] = torch.tensor([ord(letter) - 96 for letter in text])
    return ids, torch.tensor([label for _, label in examples])


def as_fields(examples):
    ids, labels = padded(examples)
    return {"input_ids": ids, "attention_mask": (ids > 0).long(), "labels": labels}


@pytest.mark.parametrize("data", [TEXTS, iter(TEXTS)])
def test_it_makes_pairs_of_examples(data):
    pool = as_source({"train": data}, title="data", collate_fn=padded).pool
    assert pool.inputs.tolist() == [[1, 1, 2, 0], [2, 0, 0, 0], [1, 2, 0, 0]]
    assert pool.targets.tolist() == [0, 1, 0]


def test_it_may_make_fields_of_them():
    fields = [["input_ids", "attention_mask"], "labels"]
    pool = as_source({"train": TEXTS}, title="data", collate_fn=as_fields, fields=fields).pool
    assert pool.layout.names == ("attention_mask", "input_ids")
    assert pool.inputs[1].tolist() == [1, 0, 0, 0, 2, 0, 0, 0]


def test_a_minibatch_comes_apart_into_examples():
    batch = ({"a": torch.arange(2), "b": torch.arange(4).reshape(2, 2)}, [5, 6])
    found = list(rows(batch))
    assert [(int(inputs["a"]), inputs["b"].tolist(), int(target)) for inputs, target in found] == [
        (0, [0, 1], 5),
        (1, [2, 3], 6),
    ]


@pytest.mark.parametrize(
    ("collate", "data", "said"),
    [
        (lambda examples: 3, TEXTS, "The collate_fn of data makes an int of one example, and not a minibatch of one"),
        (lambda examples: (torch.zeros(2, 3), torch.zeros(2)), TEXTS, "and not a minibatch of one"),
        (lambda examples: torch.zeros(1, 3), TEXTS, "is a Tensor, not a pair"),
        (padded, (torch.zeros(3, 2), torch.arange(3)), "would be ignored: data is tensors already"),
        (lambda examples: (torch.zeros(1, len(examples[0][0])), [1]), TEXTS, "not all of one shape"),
    ],
)
def test_what_is_no_minibatch_is_refused(collate, data, said):
    with pytest.raises(DataError, match=said):
        as_source({"train": data}, title="data", collate_fn=collate)
