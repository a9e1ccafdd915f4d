"""Minibatch indices of a stack. Each member has its own examples, in its own order."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

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

    def state_dict(self) -> dict[str, Any]:
        """Of all members, as of one that trains alone."""
        return {"members": [member.state_dict() for member in self._members]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Goes on from there."""
        for member, own in zip(self._members, state["members"], strict=True):
            member.load_state_dict(own)

    def __len__(self) -> int:
        """Chunks per epoch."""
        return len(self._members[0])

    def __iter__(self) -> Iterator[Tensor]:
        for chunks in zip(*self._members, strict=True):
            yield torch.stack(chunks, dim=1)
