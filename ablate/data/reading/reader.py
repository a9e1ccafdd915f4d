"""Reads examples ahead of their use, in worker processes of torch's DataLoader."""

import itertools
import multiprocessing
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol, cast, runtime_checkable

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from ablate.errors import DataError

AT_ONCE = 64
"""Examples that a worker reads at a time. A larger minibatch is read by several of them."""

AHEAD = 4
"""How many of these each worker reads before they are used."""

Read = tuple[Tensor, Tensor]
"""Inputs of shape (examples, *shape), and their targets."""


@runtime_checkable
class Batches(Protocol):
    """The examples of a data set, several at a time, by their numbers."""

    def __getitem__(self, rows: Sequence[int], /) -> Read | DataError:
        """An error is returned, since torch adds the traceback of a worker to one that is raised there."""
        ...


class Reader:
    """A data set with the worker processes that read it. They start when they are first needed, or by `start`.

    Nothing is drawn from the global generators of this process.
    """

    def __init__(self, data: Batches, *, workers: int) -> None:
        self.workers = workers
        self._data = data
        self._asked: list[list[int]] = []
        """The examples to be read, in pieces. The loader looks here each time that it begins."""
        self._loader: DataLoader[Any] | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Another process has workers of its own."""
        return {"workers": self.workers, "_data": self._data, "_asked": [], "_loader": None}

    def start(self) -> None:
        """Starts workers anew. They take over settings of torch's that this process has, such as types."""
        self.close()
        self._asked.clear()
        iter(self._opened())

    def here(self, rows: Sequence[int]) -> Read:
        """Reads a few examples in this process.

        Raises:
            DataError: one of them cannot be read, or is unlike the others.
        """
        return _checked(self._data[rows])

    def read(self, minibatches: Iterable[Tensor]) -> Iterator[Read]:
        """Reads minibatches of examples by their numbers, in this order. One such reading ends before the next begins.

        The workers go on to the next one; where a reading fails, or is left, they end.

        Raises:
            DataError: as `here`.
            RuntimeError: a worker was killed, for want of shared memory for one.
        """
        asked = [rows.split(AT_ONCE) for rows in minibatches]
        self._asked[:] = [piece.tolist() for pieces in asked for piece in pieces]
        try:
            found = map(_checked, self._opened())
            for pieces in asked:
                inputs, targets = zip(*itertools.islice(found, len(pieces)), strict=True)
                yield torch.cat(inputs), torch.cat(targets)
        except BaseException:  # workers that have died would answer no other reading
            self.close()
            raise

    def close(self) -> None:
        """Ends the workers. Further readings start others."""
        self._loader = None

    def _opened(self) -> DataLoader[Any]:
        if self._loader is None:
            self._loader = DataLoader(
                cast(Any, self._data),
                batch_size=None,
                sampler=self._asked,
                num_workers=self.workers,
                prefetch_factor=AHEAD,
                persistent_workers=True,
                collate_fn=_as_read,
                generator=torch.Generator(),
                multiprocessing_context=_start_method(),
            )
        return self._loader


def _checked(found: Read | DataError) -> Read:
    if isinstance(found, DataError):
        raise found
    return found


def _as_read(found: Any) -> Any:
    return found


def _start_method() -> str:
    """The method by which this process starts others, or Python's; it is left open which one it has."""
    return multiprocessing.get_start_method(allow_none=True) or multiprocessing.get_all_start_methods()[0]
