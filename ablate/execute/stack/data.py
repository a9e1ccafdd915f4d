"""The splits of a stack's members. Equal splits are stored once."""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor

from ablate.execute.process.resident import ResidentBuffers, resident_copy
from ablate.execute.stack.unstackable import Unstackable
from ablate.execute.train.trial_module import TrialModule

SPLITS = ("train", "val", "test")


class StackedData(ResidentBuffers):
    """Examples of all members as buffers, which follow the module's device and precision.

    Members with equal splits share their rows. A buffer has shape (distinct splits × examples, ...), and `first` is the
    row where a member's examples begin.
    """

    def __init__(self, members: Sequence[TrialModule]) -> None:
        super().__init__()
        splits = [[_arrays(member, split) for split in SPLITS] for member in members]
        if len({tuple((v.shape, v.dtype) for pair in arrays for v in pair) for arrays in splits}) > 1:
            raise Unstackable("its members have splits of different sizes")
        is_accelerated = torch.accelerator.is_available()
        self._parts: dict[str, Sequence[Tensor]] = {}
        """Buffer → the members' own tensors, which may be on the device already."""
        distinct: list[int] = []
        which: list[int] = []
        for index, arrays in enumerate(splits):
            twin = next((k for k, other in enumerate(distinct) if _equal(arrays, splits[other])), None)
            if twin is None:
                distinct.append(index)
            which.append(len(distinct) - 1 if twin is None else twin)
        for position, split in enumerate(SPLITS):
            found = [splits[index][position] for index in distinct]
            for what, arrays in (("inputs", [pair[0] for pair in found]), ("targets", [pair[1] for pair in found])):
                rows = torch.cat(arrays) if len(arrays) > 1 else arrays[0]
                self._parts[f"{split}_{what}"] = arrays if is_accelerated else ()
                self.register_buffer(f"{split}_{what}", rows, persistent=False)
                for member, chosen in zip(members, which, strict=True):  # its former tensor is freed
                    setattr(member, f"{split}_{what}", rows.split(len(arrays[0]))[chosen])
            first = torch.tensor(which) * len(found[0][0])
            self.register_buffer(f"{split}_first", first, persistent=False)

    def on_device(self, name: str, host: Tensor, like: Tensor) -> Tensor:
        """Joined there from copies that other stacks and lone networks use, too."""
        parts = self._parts.get(name, ())
        if len(parts) < 2 or any(part.dtype != host.dtype for part in parts):
            return super().on_device(name, host, like)
        return torch.cat([resident_copy(part, like) for part in parts])

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
