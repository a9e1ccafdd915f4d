"""Examples that are mappings, as of Hugging Face `datasets`: those of their fields that are input and target."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from ablate.data.reading.examples import is_map_style
from ablate.errors import DataError, kind, unknown

Fields = Sequence[str | Sequence[str] | Mapping[str, str]]
"""The input, which may be several fields, and the target."""


def pairs(data: Any, fields: Fields, where: str) -> Any:
    """The examples of a data set as pairs of their fields, found by number where it finds its own so.

    Raises:
        DataError: there are not two fields; an example that is read has no such field.
    """
    if len(fields) != 2 or not isinstance(fields[1], str):
        raise DataError(
            f"data.fields={list(fields)} are not two, those of the input and the target. Several fields as input are a "
            "list: data.fields=[[image,mask],label]."
        )
    return _Indexed(data, fields, where) if is_map_style(data) else _Streamed(data, fields, where)


def _pair(example: Any, fields: Fields, where: str) -> tuple[Any, Any]:
    given, target = fields
    if not isinstance(example, Mapping):
        raise DataError(f"An example of {where} is {kind(example)}, which has no fields. Leave data.fields out.")
    named = _named(given)
    for field in (*named.values(), cast(str, target)):
        if field not in example:
            raise DataError(unknown("field in data.fields", field, map(str, example)) + f" These are those of {where}.")
    inputs = {argument: example[field] for argument, field in named.items()}
    return (example[given] if isinstance(given, str) else inputs), example[target]


def _named(given: str | Sequence[str] | Mapping[str, str]) -> Mapping[str, str]:
    """Argument of the network → the field that it gets."""
    if isinstance(given, Mapping):
        return given
    return {field: field for field in ([given] if isinstance(given, str) else given)}


class _Indexed:
    def __init__(self, data: Any, fields: Fields, where: str) -> None:
        self._data, self._fields, self._where = data, fields, where

    def __len__(self) -> int:
        return len(self._data)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return _pair(self._data[index], self._fields, self._where)


class _Streamed:
    def __init__(self, data: Iterable[Any], fields: Fields, where: str) -> None:
        self._data, self._fields, self._where = data, fields, where

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        return (_pair(example, self._fields, self._where) for example in self._data)
