"""Tables: numbers to predict from, and a column of classes or values to predict."""

import pytest
import torch

from ablate.data import check, csv, split
from ablate.errors import DataError

TEXT = "size,rooms,city,sold,price\n" + "".join(
    f"{index / 2},{index % 3},{'Bern' if index % 2 else 'Lyon'},{'no' if index % 4 else 'yes'},{index * 1.5}\n"
    for index in range(20)
)


@pytest.fixture
def table(tmp_path):
    def write(text=TEXT, name="homes.csv"):
        (tmp_path / name).write_text(text)
        return str(tmp_path / name)

    return write


def test_classes_are_numbered_in_alphabetical_order(table):
    pool = csv(root=table(), target="sold", columns=["size", "rooms"]).pool
    assert pool.targets[:5].tolist() == [1, 0, 0, 0, 1]
    assert pool.inputs[3].tolist() == [1.5, 0.0]


@pytest.mark.numeric
def test_values_are_targets_of_their_own_shape(table):
    source = csv(root=table(), target="price", targets="values", columns=["size"], standardise_targets=True)
    splits = split(source, seed=0)
    check(splits, inputs=[1], outputs=1)
    assert (len(splits.train), len(splits.val), len(splits.test)) == (14, 2, 4)
    torch.testing.assert_close(
        splits.train.targets.mean(), torch.tensor(0.0), atol=1e-5, rtol=0
    )  # 14 roundings of values near 1


def test_all_other_columns_are_taken_and_another_file_tests(table):
    text = TEXT.replace("Bern", "1").replace("Lyon", "2")
    root = table(text)
    test = table("\n".join(text.splitlines()[:6]), "test.csv")
    source = csv(root=root, target="sold", test=test)
    assert source.pool.inputs.shape == (20, 4)
    assert source.test is not None
    assert len(source.test) == 5


def test_another_delimiter(table):
    root = table(TEXT.replace(",", ";"))
    assert csv(root=root, target="sold", columns=["size"], delimiter=";").pool.inputs.shape == (20, 1)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"target": "sold"}, r"'city' of .*homes\.csv holds text.*with 'data\.columns=\[size,rooms,price\]'"),
        ({"target": "price", "targets": "values"}, r"Columns 'city', 'sold' of .* hold text"),
        ({"target": "slod"}, r"Unknown column 'slod'\. Did you mean 'sold'\?"),
        ({"target": "sold", "columns": ["sise"]}, r"Unknown column 'sise'\. Did you mean 'size'\?"),
        ({"target": "sold", "targets": "value"}, r"Unknown data\.targets 'value'\. Did you mean 'values'\?"),
        ({"target": "sold", "columns": ["size"], "root": "/nowhere.csv"}, "nowhere.csv cannot be read: no such file"),
        ({"target": "sold", "columns": ["size"], "test": "gap.csv"}, "'sold' of .*gap.csv is empty in 1 rows"),
        ({"target": "sold", "columns": ["size"], "test": "new.csv"}, "has the class 'maybe', which is none of"),
    ],
)
def test_what_cannot_be_trained_on_is_refused(table, options, said):
    given = {"root": table(), **options}
    if "test" in given:
        given["test"] = table("size,sold\n1," + ("" if given["test"] == "gap.csv" else "maybe") + "\n", given["test"])
    with pytest.raises(DataError, match=said):
        csv(**given)
