"""Examples whose inputs are read as they are used, since all of them do not fit in memory."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float32, Int64
from torch import Tensor

from ablate.data.reading.layout import Layout
from ablate.data.reading.reader import AT_ONCE, Reader
from ablate.data.scale import Scale


@dataclass(frozen=True, kw_only=True, eq=False)
class Streamed:
    """Examples with their targets, as `Arrays`; of these, only the targets are in memory."""

    reader: Reader
    """Of the data set. Parts of it share one."""
    rows: Int64[Tensor, " examples"]
    """The examples, by their numbers in the data set."""
    targets: Int64[Tensor, "examples *positions"] | Float32[Tensor, "examples *outputs"]
    like: Float32[Tensor, "1 *shape"] | Int64[Tensor, "1 *shape"]
    """One input as it is read."""
    layout: Layout | None = None
    """As of `Arrays`."""
    limit_gib: float
    """What the data set may take in memory, in GiB: it takes more."""
    changes: tuple[Callable[[Tensor], Tensor], ...] = ()
    """What is made of inputs when they have been read."""

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def has_classes(self) -> bool:
        """Whether the targets are class numbers."""
        return self.targets.dtype == torch.int64

    @property
    def has_tokens(self) -> bool:
        """Whether the inputs are token ids."""
        return not self.like.is_floating_point()

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one input."""
        return tuple(self.like.shape[1:])

    @property
    def nbytes(self) -> int:
        """Bytes that it takes in memory."""
        return self.targets.nbytes

    @property
    def whole_bytes(self) -> int:
        """Bytes that it would take in memory."""
        return len(self) * self.like.nbytes + self.targets.nbytes

    def at(self, indices: Int64[Tensor, " chosen"]) -> "Streamed":
        """Those examples, in that order."""
        return replace(self, rows=self.rows[indices], targets=self.targets[indices])

    def first(self, count: int) -> tuple[Tensor, Tensor]:
        """The first inputs and their targets, read in this process.

        Raises:
            DataError: an example cannot be read.
        """
        inputs, _ = self.reader.here(self.rows[:count].tolist())
        return self._changed(inputs), self.targets[:count].clone()

    def with_inputs(self, change: Callable[[Tensor], Tensor]) -> "Streamed":
        """The same with other inputs: the change is made of each when it has been read."""
        return replace(self, changes=(*self.changes, change))

    def read(self, minibatches: Iterable[Tensor]) -> Iterator[Tensor]:
        """The inputs of minibatches of these examples, read by the workers, until `close` ends them.

        Raises:
            DataError, RuntimeError: as `Reader.read`.
        """
        return (self._changed(inputs) for inputs, _ in self.reader.read([self.rows[each] for each in minibatches]))

    def in_order(self) -> Iterator[Tensor]:
        """All inputs, some at a time. The workers end afterwards.

        Raises:
            DataError, RuntimeError: as `Reader.read`.
        """
        try:
            yield from self.read(torch.arange(len(self)).split(AT_ONCE))
        finally:
            self.close()

    def scale(self) -> Scale:
        """The moments of the inputs, all of which are read for it.

        Raises:
            DataError, RuntimeError: as `Reader.read`.
        """
        return Scale.of_parts(self.in_order())

    def close(self) -> None:
        """Ends the workers."""
        self.reader.close()

    def _changed(self, inputs: Tensor) -> Tensor:
        for change in self.changes:
            inputs = change(inputs)
        return inputs
