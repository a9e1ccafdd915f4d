"""The splits of a stack's members. Equal splits are stored once."""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from ablate.execute.stack.unstackable import Unstackable
from ablate.execute.train.trial_module import TrialModule

SPLITS = ("train", "val", "test")


class StackedData(nn.Module):
    """Examples of all members as buffers, which follow the module's device and precision.

    Members with equal splits share their rows. A buffer has shape (distinct splits × examples, ...), and `first` is the
    row where a member's examples begin.
    """

    def __init__(self, members: Sequence[TrialModule]) -> None:
        super().__init__()
        splits = [[_arrays(member, split) for split in SPLITS] for member in members]
        if len({tuple((v.shape, v.dtype) for pair in arrays for v in pair) for arrays in splits}) > 1:
            raise Unstackable("its members have splits of different sizes")
        distinct: list[int] = []
        which: list[int] = []
        for index, arrays in enumerate(splits):
            twin = next((k for k, other in enumerate(distinct) if _equal(arrays, splits[other])), None)
            if twin is None:
                distinct.append(index)
            which.append(len(distinct) - 1 if twin is None else twin)
        for position, split in enumerate(SPLITS):
            inputs, targets = zip(*(splits[index][position] for index in distinct), strict=True)
            for what, arrays in (("inputs", inputs), ("targets", targets)):
                rows = torch.cat(arrays)
                self.register_buffer(f"{split}_{what}", rows, persistent=False)
                for member, chosen in zip(members, which, strict=True):  # its former tensor is freed
                    setattr(member, f"{split}_{what}", rows.split(len(arrays[0]))[chosen])
            first = torch.tensor(which) * len(inputs[0])
            self.register_buffer(f"{split}_first", first, persistent=False)

    def at(self, split: str, indices: Tensor) -> tuple[Tensor, Tensor]:
        """Inputs and targets at indices of shape (members, batch), or (batch,) for the same in all members."""
        inputs, targets, first = (cast(Tensor, getattr(self, f"{split}_{what}")) for what in _BUFFERS)
        rows = indices + first.unsqueeze(1)
        return inputs[rows], targets[rows]


_BUFFERS = ("inputs", "targets", "first")


def _arrays(member: TrialModule, split: str) -> tuple[Tensor, Tensor]:
    return cast(Tensor, getattr(member, f"{split}_inputs")), cast(Tensor, getattr(member, f"{split}_targets"))


def _equal(one: Sequence[tuple[Tensor, Tensor]], other: Sequence[tuple[Tensor, Tensor]]) -> bool:
    return all(torch.equal(a, b) for p, q in zip(one, other, strict=True) for a, b in zip(p, q, strict=True))
