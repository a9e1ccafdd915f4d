"""Minibatch indices of a stack. Each member has its own examples, in its own order."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from ablate.execute.train.batches import TrainingChunks


class StackedChunks:
    """The members' chunks side by side: an iteration yields int64 tensors (steps, members, batch)."""

    def __init__(self, members: Sequence[TrainingChunks]) -> None:
        self._members = tuple(members)

    @property
    def steps(self) -> int:
        """Optimizer steps per epoch."""
        return self._members[0].steps

    def __len__(self) -> int:
        """Chunks per epoch."""
        return len(self._members[0])

    def __iter__(self) -> Iterator[Tensor]:
        for chunks in zip(*self._members, strict=True):
            yield torch.stack(chunks, dim=1)
