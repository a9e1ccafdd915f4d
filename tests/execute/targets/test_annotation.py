# ruff: noqa: UP007, UP035, UP045 – annotations as people write them
import collections.abc
import pathlib
from typing import Any, Iterable, Literal, Optional, Sequence, TypeVar, Union

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ablate.execute.targets.annotation import misfit

FITS = [
    (1, int),
    (1, float),
    (1.5, float),
    (True, bool),
    ("a", str),
    (None, None),
    (None, Optional[int]),
    (1, int | None),
    ([1, 2], list[int]),
    ([1, 2], tuple[int, int]),
    ([1, 2, 3], tuple[int, ...]),
    ([1, 2], Sequence),
    ([[1], [2]], collections.abc.Sequence[Sequence[int]]),
    ({"a": 1}, dict[str, int]),
    ("b", Literal["a", "b"]),
    (0.1, Union[float, torch.Tensor]),
    ([0.9, 0.99], tuple[Union[float, torch.Tensor], float]),
    # What constructors make of plain values, and what says nothing of them.
    ("data", pathlib.Path),
    ("data", Optional[pathlib.Path]),
    ("data", Union[int, pathlib.Path]),
    ("cpu", torch.device),
    ([1.0], torch.Tensor),
    ([1, 2], Iterable[int]),
    ("anything", Any),
    ("anything", TypeVar("T")),
    ("anything", "a string for an annotation"),
    ("anything", 3),
]

FITS_NOT = [
    ("1", int, "expected `int`, got `str`"),
    (1.0, int, "expected `int`, got `float`"),
    (True, int, "expected `int`, got `bool`"),
    (1, bool, "expected `bool`, got `int`"),
    (None, int, "expected `int`, got `null`"),
    ("a", Union[float, torch.Tensor], "expected `float`, got `str`"),
    ([0.9, "a"], tuple[Union[float, torch.Tensor], float], "expected `float`, got `str`"),
    ([1], tuple[int, int], "expected `array` of length 2, got 1"),
    ("ab", Sequence[str], "expected `array`, got `str`"),
    ({"a": "b"}, dict[str, int], "expected `int`, got `str`"),
    ("c", Literal["a", "b"], "valid: 'a', 'b'"),
    ("c", Optional[Literal["a", 2]], "valid: 'a', 2, None"),
    (3, Optional[torch.Tensor], "expected `null`, got `int`"),
]


@pytest.mark.parametrize(("value", "hint"), FITS, ids=str)
def test_what_fits_or_cannot_be_judged_passes(value, hint):
    assert misfit(value, hint) is None


@pytest.mark.parametrize(("value", "hint", "reason"), FITS_NOT, ids=str)
def test_what_does_not_fit_says_why(value, hint, reason):
    assert misfit(value, hint) == reason


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**31) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None, max_examples=60)
@given(value=PLAIN)
def test_every_plain_value_fits_any_and_its_own_type(value):
    assert misfit(value, Any) is None
    assert misfit(value, type(value)) is None
    assert misfit(value, Optional[type(value)]) is None
