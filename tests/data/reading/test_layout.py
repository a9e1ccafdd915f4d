"""Several tensors as one row, and apart again."""

import pytest
import torch

from ablate.data.reading.examples import examples
from ablate.data.reading.layout import Layout
from ablate.data.reading.source import as_source
from ablate.data.split import check, split
from ablate.errors import DataError

LEFT, RIGHT = torch.rand(12, 2, 3), torch.rand(12)
LABELS = torch.arange(12) % 2
NAMED = Layout(names=("left", "right"), shapes=((2, 3), ()))


@pytest.mark.parametrize(
    ("inputs", "layout"),
    [([3, 32, 32], None), ([], None), ({"right": [], "left": [2, 3]}, NAMED), ([[2], []], Layout(shapes=((2,), ())))],
)
def test_it_is_read_of_the_configuration(inputs, layout):
    assert Layout.of(inputs) == layout
    assert layout is None or layout.described == inputs


def by_name(index):
    return {"right": RIGHT[index], "left": LEFT[index]}, LABELS[index]


def by_place(index):
    return (LEFT[index].numpy(), RIGHT[index]), int(LABELS[index])


@pytest.mark.parametrize(
    ("data", "layout"),
    [
        ([by_name(index) for index in range(12)], NAMED),
        (iter([by_name(index) for index in range(12)]), NAMED),
        (({"right": RIGHT, "left": LEFT}, LABELS), NAMED),
        ([by_place(index) for index in range(12)], Layout(shapes=((2, 3), ()))),
        (((LEFT, RIGHT), LABELS), Layout(shapes=((2, 3), ()))),
    ],
)
def test_what_is_packed_comes_apart(data, layout):
    found = examples(data, "data")
    assert found.layout == layout
    assert found.inputs.shape == (12, 7)
    args, named = found.layout.apart(found.inputs[[4, 2]])
    left, right = (named["left"], named["right"]) if named else args
    assert torch.equal(left, LEFT[[4, 2]])
    assert torch.equal(right, RIGHT[[4, 2]])
    assert torch.equal(found.targets, LABELS)


def test_token_ids_stay_whole_numbers():
    ids = torch.arange(24).reshape(12, 2)
    found = examples(({"ids": ids, "mask": (ids > 3).int()}, LABELS), "data")
    assert found.inputs.dtype == torch.int64
    assert torch.equal(found.layout.apart(found.inputs)[1]["mask"], (ids > 3).long())


def test_data_that_do_not_fit_have_the_same_layout():
    data = [by_name(index) for index in range(12)]
    found = examples(data, "data", limit_gib=2e-7, workers=1)
    assert found.layout == NAMED
    assert torch.equal(torch.cat(list(found.in_order())), examples(data, "data").inputs)
    assert found.at(torch.arange(3)).layout == NAMED


def test_fields_may_be_several_inputs():
    rows = [{"a": LEFT[i], "b": RIGHT[i], "label": int(LABELS[i])} for i in range(12)]
    for fields in ([["a", "b"], "label"], [{"left": "a", "right": "b"}, "label"]):
        pool = as_source({"train": rows}, title="data", fields=fields).pool
        assert pool.layout.names == (("a", "b") if isinstance(fields[0], list) else ("left", "right"))
        assert torch.equal(pool.inputs, torch.cat([LEFT.flatten(1), RIGHT.unsqueeze(1)], dim=1))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ((LEFT, RIGHT.long()), "The inputs of data are 0 float32, 1 int64: all of them must be floating point numbers"),
        ((LEFT, RIGHT > 0), "all of them must be floating point numbers, or all int64"),
        ((LABELS.to(torch.uint8).reshape(12, 1), LABELS), "are 0 uint8, 1 int64"),
        ((LEFT, RIGHT[:5]), "The input 1 of data has 5 examples, not 12"),
    ],
)
def test_what_cannot_be_packed_is_refused(data, said):
    with pytest.raises(DataError, match=said):
        examples((data, LABELS), "data")


def test_examples_of_another_layout_are_refused():
    data = [by_name(index) for index in range(11)] + [({"left": RIGHT[0], "right": LEFT[0]}, LABELS[0])]
    for each in (data, iter(data)):
        with pytest.raises(
            DataError, match=r"not all of one shape: \{'left': \[2, 3\], 'right': \[\]\} is that of the fi"
        ):
            examples(each, "data")


def test_the_configuration_must_say_the_same():
    splits = split(as_source({"train": ({"left": LEFT, "right": RIGHT}, LABELS)}, title="data"), seed=0)
    check(splits, inputs={"right": [], "left": [2, 3]}, outputs=2)
    for inputs in ([7], [[2, 3], []], {"left": [2, 3], "right": [1]}):
        with pytest.raises(DataError, match=r"has shape \{'left': \[2, 3\], 'right': \[\]\}, but the configuration"):
            check(splits, inputs=inputs, outputs=2)


def test_they_are_not_standardised_together():
    with pytest.raises(DataError, match="standardise each in the data set"):
        as_source({"train": ((LEFT, RIGHT), LABELS)}, title="data", standardise_inputs=True)
