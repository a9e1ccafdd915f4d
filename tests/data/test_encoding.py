import numpy as np
import pytest
import torch
from sklearn.preprocessing import LabelBinarizer

from ablate.data.encoding import ENCODINGS, encode
from ablate.errors import DataError

TWO = torch.tensor([1, 0, 0, 1])


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("classes", [1, 0, 0, 1]),
        ("binary", [[1.0], [0.0], [0.0], [1.0]]),
        ("signs", [[1.0], [-1.0], [-1.0], [1.0]]),
        ("one_hot", [[0.0, 1.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]),
    ],
)
def test_two_classes(encoding, expected):
    targets = encode(TWO, encoding=encoding, count=2)
    assert targets.tolist() == expected
    assert targets.dtype == (torch.int64 if encoding == "classes" else torch.float32)


def test_one_hot_as_scikit_learn():
    classes = torch.tensor([2, 0, 4, 4, 1])
    expected = LabelBinarizer().fit(np.arange(6)).transform(classes.numpy())
    np.testing.assert_array_equal(encode(classes, encoding="one_hot", count=6), expected)


def test_a_class_that_does_not_occur_has_its_output_all_the_same():
    assert encode(torch.tensor([0, 0]), encoding="one_hot", count=3).shape == (2, 3)
    assert encode(torch.tensor([0, 0]), encoding="binary", count=2).tolist() == [[0.0], [0.0]]


def test_an_unknown_name():
    with pytest.raises(DataError, match=r"Unknown encoding 'sign'\. Did you mean 'signs'\?.*one_hot"):
        encode(TWO, encoding="sign", count=2)


@pytest.mark.parametrize("encoding", ["binary", "signs"])
@pytest.mark.parametrize("count", [1, 3, 10])
def test_one_output_is_for_two_classes(encoding, count):
    with pytest.raises(DataError, match=rf"{encoding} is for two classes, and there are {count}; valid: classes, one"):
        encode(torch.tensor([0]), encoding=encoding, count=count)


def test_these_are_all():
    assert set(ENCODINGS) == {"classes", "binary", "signs", "one_hot"}
