"""The minibatch that is being evaluated: how many examples it has, and another example in the place of each."""

from typing import Any

import pytorch_lightning as pl
import torch
from jaxtyping import Int
from torch import Tensor

from ablate.errors import ModelError
from ablate.execute.process.torch_private import tree_leaves


class Minibatch(pl.Callback):
    """Knows the minibatch of the step that Lightning takes: its examples are along axis 0 of its first tensor.

    Each example is assigned another one: the examples are put into a random order, and each gets the one before it.
    """

    def __init__(self, seed: int) -> None:
        """`seed`: of the orders. The same seed and the same sizes of minibatches give the same orders."""
        self._generator = torch.Generator().manual_seed(seed)
        self._others: Tensor | None = None
        self.has_others = False
        """Whether a minibatch so far had two examples or more."""

    def on_test_batch_start(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Called by Lightning."""
        self.begin(batch)

    on_predict_batch_start = on_test_batch_start

    def begin(self, batch: Any) -> None:
        """Draws the order of a minibatch."""
        sizes = [len(leaf) for leaf in tree_leaves(batch) if isinstance(leaf, Tensor) and leaf.ndim]
        self._others = None
        if sizes:
            order = torch.randperm(sizes[0], generator=self._generator)
            self._others = torch.empty_like(order)
            self._others[order] = order.roll(1)
            self.has_others = self.has_others or sizes[0] > 1

    def others(self, path: str, output: Tensor) -> Int[Tensor, "examples"]:
        """For each example, the index of another one, on the output's device; its own if its minibatch has no other.

        Args:
            path: Of the module that gives the output, for messages.
            output: Shape (examples, ...).

        Raises:
            ModelError: the output's first axis is not that of the examples.
        """
        if self._others is None:
            raise ModelError(f"{path}: its minibatches have no tensor that says how many examples they have")
        if not output.ndim or len(output) != len(self._others):
            raise ModelError(
                f"{path}: its output of shape {list(output.shape)} does not have the {len(self._others)} examples of a "
                "minibatch along its first axis"
            )
        return self._others.to(output.device)
