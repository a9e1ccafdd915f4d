"""The examples of a data set as a `collate_fn` makes them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from ablate.data.reading.layout import is_several
from ablate.errors import DataError, kind

Collate = Callable[[list[Any]], Any]
"""From examples to a minibatch of them."""


def collated(data: Any, collate: Collate, where: str) -> Any:
    """The examples of a data set, of which the function gets one at a time; by number where it finds its own so.

    Raises:
        DataError: they are tensors already; an example that is read does not come as a minibatch of one.
    """
    if isinstance(data, tuple | list) and any(hasattr(part, "shape") for part in cast(Sequence[Any], data)):
        raise DataError(f"data.collate_fn would be ignored: {where} is tensors already. Leave it out.")
    is_map_style = hasattr(data, "__getitem__") and hasattr(data, "__len__")
    return _Indexed(data, collate, where) if is_map_style else _Streamed(data, collate, where)


def rows(batch: Any) -> Iterator[Any]:
    """The examples of a minibatch, which is a sequence, such as inputs and targets, or a mapping of fields."""
    if isinstance(batch, tuple | list):
        return zip(*map(_rows, cast(Sequence[Any], batch)), strict=True)
    return _rows(batch)


def _rows(part: Any) -> Iterator[Any]:
    if isinstance(part, Mapping):
        named = cast(Mapping[str, Any], part)
        for parts in zip(*map(_rows, named.values()), strict=True):
            yield dict(zip(named, parts, strict=True))
    elif is_several(part):
        yield from zip(*map(_rows, part), strict=True)
    else:
        yield from part


def _one(example: Any, collate: Collate, where: str) -> Any:
    batch = collate([example])
    try:
        (found,) = rows(batch)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"The collate_fn of {where} makes {kind(batch)} of one example, and not a minibatch of one: a pair "
            "(inputs, targets) or a mapping of fields, each with its examples along the first axis."
        ) from error
    return found


class _Indexed:
    def __init__(self, data: Any, collate: Collate, where: str) -> None:
        self._data, self._collate, self._where = data, collate, where

    def __len__(self) -> int:
        return len(self._data)

    def __getitem__(self, index: int) -> Any:
        return _one(self._data[index], self._collate, self._where)


class _Streamed:
    def __init__(self, data: Iterable[Any], collate: Collate, where: str) -> None:
        self._data, self._collate, self._where = data, collate, where

    def __iter__(self) -> Iterator[Any]:
        return (_one(example, self._collate, self._where) for example in self._data)
