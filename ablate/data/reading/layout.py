"""Inputs of several tensors as one: flattened, one after the other, and taken apart again where a network is called."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor

from ablate.errors import DataError

WHOLE = (torch.int32, torch.int64)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The shapes of the tensors that are the input of one example."""

    shapes: tuple[tuple[int, ...], ...]
    names: tuple[str, ...] = ()
    """The arguments that they are for, sorted; empty: they are passed by position."""

    @classmethod
    def of(cls, inputs: Any) -> "Layout | None":
        """From `data.inputs`, a list of shapes or argument → shape; None: it is one shape."""
        if isinstance(inputs, Mapping):
            named = cast(Mapping[str, Sequence[int]], inputs)
            return cls(names=tuple(sorted(named)), shapes=tuple(tuple(named[name]) for name in sorted(named)))
        shapes = cast(Sequence[Any], inputs)
        if any(isinstance(shape, int) for shape in shapes) or not shapes:
            return None
        return cls(shapes=tuple(tuple(shape) for shape in shapes))

    @property
    def described(self) -> list[list[int]] | dict[str, list[int]]:
        """As `data.inputs` has it."""
        shapes = [list(shape) for shape in self.shapes]
        return dict(zip(self.names, shapes, strict=True)) if self.names else shapes

    def apart(self, packed: Tensor) -> tuple[tuple[Tensor, ...], dict[str, Tensor]]:
        """The arguments of a network, by position and by name, from a tensor of shape (batch, numbers)."""
        rows = packed.split([math.prod(shape) for shape in self.shapes], dim=1)
        parts = tuple(row.reshape(len(packed), *shape) for row, shape in zip(rows, self.shapes, strict=True))
        return ((), dict(zip(self.names, parts, strict=True))) if self.names else (parts, {})


def is_several(value: object) -> bool:
    """Whether an input is several tensors: a mapping, or a sequence of which one has an axis or is an image of PIL."""
    if isinstance(value, Mapping):
        return True
    return isinstance(value, tuple | list) and any(
        getattr(part, "ndim", 0) > 0 or hasattr(part, "getbands") for part in cast(list[Any], value)
    )


def packed(
    value: Any, as_tensor: Callable[[Any], Tensor], where: str, *, examples: int | None = None
) -> tuple[Tensor, Layout]:
    """Several tensors as one, and how they lie in it.

    Args:
        value: A mapping or a sequence of what `as_tensor` makes tensors of.
        as_tensor: Makes a tensor of a part.
        where: What an error calls it.
        examples: Of how many examples each part is, along its first axis; None: of one, without that axis.

    Raises:
        DataError: they are of different kinds of number, or of another; or one has another number of examples.
        TypeError, ValueError, RuntimeError: as `as_tensor`.
    """
    given = cast(Mapping[Any, Any], value if isinstance(value, Mapping) else dict(enumerate(cast(list[Any], value))))
    names = sorted(given)
    parts = [as_tensor(given[name]) for name in names]
    kinds = {part.is_floating_point() for part in parts}
    if len(kinds) != 1 or not all(part.is_floating_point() or part.dtype in WHOLE for part in parts):
        types = [str(part.dtype).removeprefix("torch.") for part in parts]
        listed = ", ".join(f"{name} {dtype}" for name, dtype in zip(names, types, strict=True))
        raise DataError(
            f"The inputs of {where} are {listed}: all of them must be floating point numbers, or all int64. Convert "
            "them in the data set, such as by .float(); the network can turn one back, by .long() or .bool()."
        )
    for name, part in zip(names, parts, strict=True):
        if examples is not None and len(part) != examples:
            raise DataError(f"The input {name} of {where} has {len(part)} examples, not {examples}.")
    rows = [part.unsqueeze(0) if examples is None else part for part in parts]
    kind = torch.float32 if True in kinds else torch.int64
    layout = Layout(
        shapes=tuple(tuple(row.shape[1:]) for row in rows),
        names=tuple(map(str, names)) if isinstance(value, Mapping) else (),
    )
    joined = torch.cat([row.to(kind).flatten(1) if row.ndim > 1 else row.to(kind).unsqueeze(1) for row in rows], dim=1)
    return (joined[0] if examples is None else joined), layout
