"""Examples that are mappings, as of Hugging Face `datasets`: the two of their fields that are input and target."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ablate.data.reading.examples import is_map_style
from ablate.errors import DataError, kind, unknown


def pairs(data: Any, fields: Sequence[str], where: str) -> Any:
    """The examples of a data set as pairs of two of their fields, found by number where it finds its own so.

    Raises:
        DataError: there are not two fields; an example that is read has no such field.
    """
    if len(fields) != 2:
        raise DataError(f"data.fields={list(fields)} are {len(fields)}; valid: two, those of the input and the target.")
    return _Indexed(data, fields, where) if is_map_style(data) else _Streamed(data, fields, where)


def _pair(example: Any, fields: Sequence[str], where: str) -> tuple[Any, Any]:
    if not isinstance(example, Mapping):
        raise DataError(f"An example of {where} is {kind(example)}, which has no fields. Leave data.fields out.")
    for field in fields:
        if field not in example:
            raise DataError(unknown("field in data.fields", field, map(str, example)) + f" These are those of {where}.")
    return example[fields[0]], example[fields[1]]


class _Indexed:
    def __init__(self, data: Any, fields: Sequence[str], where: str) -> None:
        self._data, self._fields, self._where = data, fields, where

    def __len__(self) -> int:
        return len(self._data)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return _pair(self._data[index], self._fields, self._where)


class _Streamed:
    def __init__(self, data: Iterable[Any], fields: Sequence[str], where: str) -> None:
        self._data, self._fields, self._where = data, fields, where

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        return (_pair(example, self._fields, self._where) for example in self._data)
