import pytest
import torch
from beartype import beartype
from jaxtyping import TypeCheckError, jaxtyped

from ablate.data import Arrays, Source, subset
from ablate.errors import DataError


def classes(n):
    return Arrays(inputs=torch.zeros(n, 3), targets=torch.zeros(n, dtype=torch.int64))


@pytest.mark.parametrize(
    ("inputs", "targets", "message"),
    [
        (
            torch.zeros(4, 3, dtype=torch.float64),
            torch.zeros(4, dtype=torch.int64),
            r"float64 of shape \(4, 3\)",
        ),
        (torch.zeros(4), torch.zeros(4, dtype=torch.int64), "at least one axis after the first"),
        (torch.zeros(4, 3), torch.zeros(4), r"Targets are float32 of shape \(4,\)"),
        (torch.zeros(4, 3), torch.tensor(0), r"Targets are int64 of shape \(\)"),
        (torch.zeros(4, 3), torch.zeros(4, dtype=torch.int32), "Targets are int32"),
        (torch.zeros(4, 3), torch.zeros(5, dtype=torch.int64), "4 inputs, but 5 targets"),
    ],
)
def test_arrays_refuse_what_is_no_data_set(inputs, targets, message, unchecked):
    with pytest.raises(DataError, match=message):
        Arrays(inputs=inputs, targets=targets)


@pytest.mark.parametrize("indices", [torch.tensor([0.5]), torch.tensor([[0]]), [0]])
def test_annotations_say_what_is_wrong(indices):
    checked = jaxtyped(typechecker=beartype)(Arrays.at)
    assert checked(classes(4), torch.tensor([0])).targets.tolist() == [0]
    with pytest.raises(TypeCheckError, match="indices"):
        checked(classes(4), indices)


def test_at_keeps_inputs_and_targets_together():
    arrays = Arrays(inputs=torch.arange(6.0).reshape(6, 1), targets=torch.arange(6) * 10)
    chosen = arrays.at(torch.tensor([5, 0, 3]))
    assert chosen.inputs.flatten().tolist() == [5, 0, 3]
    assert chosen.targets.tolist() == [50, 0, 30]
    assert len(chosen) == 3
    assert chosen.has_classes


@pytest.mark.parametrize("option", [{"standardise_targets": True}, {"target_shift": 1.0}])
def test_classes_are_neither_standardised_nor_shifted(option):
    with pytest.raises(DataError, match="targets are classes"):
        Source(pool=classes(9), val_size=1, test_size=1, **option)


def test_token_ids_are_not_standardised():
    ids = Arrays(inputs=torch.zeros(9, 3, dtype=torch.int64), targets=torch.zeros(9, dtype=torch.int64))
    assert Source(pool=ids, val_size=1, test_size=1).pool is ids
    with pytest.raises(DataError, match="The inputs are token ids: they cannot be standardised"):
        Source(pool=ids, val_size=1, test_size=1, standardise_inputs=True)


def test_subset_is_nested_fixed_and_random():
    assert subset(7, None).tolist() == list(range(7)) == subset(7, 7).tolist()
    small, large = subset(1000, 50).tolist(), subset(1000, 200).tolist()
    assert set(small) < set(large) < set(range(1000))
    assert len(large) == 200
    assert large == sorted(large) == subset(1000, 200).tolist()
    assert 400 < sum(large) / len(large) < 600  # from all over, not the first


@pytest.mark.parametrize("limit", [0, -1, 8])
def test_subset_refuses_what_is_not_there(limit):
    with pytest.raises(DataError, match=rf"data\.limit={limit}, but there are 7 examples; valid: 1 to 7"):
        subset(7, limit)
