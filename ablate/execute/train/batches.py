"""Minibatch indices in chunks. `training_step` gets these; the data are on the device already."""

import math
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

MAX_CHUNK_STEPS = 64
"""Optimizer steps per chunk at most. More would share Lightning's cost per call better, and delay a stop."""

EVALUATION_BATCH_SIZE = 1024
"""Examples per evaluation batch at most."""


class TrainingChunks:
    """The training examples in a new order every epoch, split into minibatches, and these into chunks.

    An iteration yields int64 tensors (steps, batch). Examples that do not fill the last minibatch are left out of the
    epoch. `limit` is the number or the share of minibatches per epoch, as Lightning's `limit_train_batches`: at least
    one.
    """

    def __init__(self, *, examples: int, batch_size: int, seed: int, limit: int | float = 1.0) -> None:
        self._examples = examples
        self._batch = min(batch_size, examples)
        whole = examples // self._batch
        self._steps = max(1, min(limit, whole) if isinstance(limit, int) else int(limit * whole))
        self._generator = torch.Generator().manual_seed(seed)

    @property
    def batch_size(self) -> int:
        """Examples in a minibatch."""
        return self._batch

    @property
    def steps(self) -> int:
        """Optimizer steps per epoch."""
        return self._steps

    def state_dict(self) -> dict[str, Tensor]:
        """The state of the generator that draws the orders of later epochs. Lightning writes it into a checkpoint."""
        return {"order": self._generator.get_state()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Restores the generator."""
        self._generator.set_state(state["order"])

    def __len__(self) -> int:
        """Chunks per epoch."""
        return math.ceil(self.steps / MAX_CHUNK_STEPS)

    def __iter__(self) -> Iterator[Tensor]:
        order = torch.randperm(self._examples, generator=self._generator)
        batches = order[: self.steps * self._batch].view(self.steps, self._batch)
        yield from batches.split(MAX_CHUNK_STEPS)


class EvaluationChunks:
    """All examples of a split in order, as int64 tensors (batch,)."""

    def __init__(self, *, examples: int) -> None:
        self._indices = torch.arange(examples)

    def __len__(self) -> int:
        """Batches."""
        return math.ceil(len(self._indices) / EVALUATION_BATCH_SIZE)

    def __iter__(self) -> Iterator[Tensor]:
        yield from self._indices.split(EVALUATION_BATCH_SIZE)
