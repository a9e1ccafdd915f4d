"""Pairs (input, target) as tensors in memory: of two tensors, a torch Dataset, or anything that goes through them."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ablate.data.reading.size import GIB, check_size, measured_bytes
from ablate.data.source import Arrays
from ablate.errors import DataError, kind

MAX_EXAMPLES = 10_000_000
"""Of an iterable: one that goes on is taken for endless."""

VALID = "Valid: a pair of tensors or arrays (inputs, targets), a torch Dataset of such pairs"


def is_map_style(data: object) -> bool:
    """Whether examples are found by their number, so that they can be read in any order, and again."""
    return hasattr(data, "__getitem__") and hasattr(data, "__len__")


def arrays(data: Any, where: str, *, limit_gib: float | None = None) -> Arrays:
    """Takes examples into memory.

    Args:
        data: A pair of tensors or arrays, a Dataset of pairs, or an iterable of pairs.
        where: What an error calls it.
        limit_gib: What they may take in memory, in GiB; None: anything.

    Raises:
        DataError: it is none of these, its examples are not all alike or drawn at random, or they take too much.
    """
    if isinstance(data, Arrays):
        return data
    if isinstance(data, tuple | list) and len(data) == 2 and all(hasattr(part, "shape") for part in data):
        inputs, targets = data
    elif isinstance(tensors := getattr(data, "tensors", None), tuple) and len(tensors) == 2:  # of a TensorDataset
        inputs, targets = tensors
    elif isinstance(data, str | bytes):
        raise DataError(f"{where} is {kind(data)}. {VALID}.")
    elif is_map_style(data):
        inputs, targets = _indexed(data, where, limit_gib)
    elif isinstance(data, Iterable):
        inputs, targets = _iterated(data, where, limit_gib)
    else:
        raise DataError(f"{where} is {kind(data)}. {VALID}.")
    return Arrays(inputs=_inputs(inputs, where), targets=_targets(targets, where))


def tensor(value: Any) -> Tensor:
    """A part of an example as a tensor. A PIL image: float32 (channels, height, width) in [0, 1].

    Raises:
        TypeError, ValueError, RuntimeError: it is no number, nor an array of numbers.
    """
    if not hasattr(value, "getbands"):
        return torch.as_tensor(value)
    pixels = torch.from_numpy(np.array(value))  # a copy: PIL's own is read-only
    planes = pixels.unsqueeze(0) if pixels.ndim == 2 else pixels.permute(2, 0, 1)
    return planes.contiguous().float() / 255 if planes.dtype == torch.uint8 else planes.float()


def _indexed(data: Any, where: str, limit_gib: float | None) -> tuple[Tensor, Tensor]:
    """The examples of a map-style data set, each written where it stays: no second copy of all is made."""
    count = len(data)
    if not count:
        raise DataError(f"{where} has no examples.")
    first, again = (_pair(data[0], 0, where) for _ in range(2))
    if not all(_same(one, two) for one, two in zip(first, again, strict=True)):
        raise DataError(
            f"Two readings of the first example of {where} differ: it draws something at random, such as an "
            "augmentation, which would be frozen in memory, and no identity can be had of it. Take that out; "
            "data.augmentation augments minibatches."
        )
    check_size([_pair(data[index], index, where) for index in _spread(count)], count, where, limit_gib=limit_gib)
    made = [torch.empty((count, *part.shape), dtype=part.dtype) for part in first]
    for index in range(count):
        for rows, part, like in zip(made, _pair(data[index], index, where), first, strict=True):
            if part.shape != like.shape:
                raise DataError(
                    f"The examples of {where} are not all of one shape: {list(like.shape)} is that of the first, and "
                    f"{list(part.shape)} that of example {index}. Give the data set a transform that makes them alike."
                )
            if part.dtype != like.dtype:
                raise DataError(
                    f"The examples of {where} are not all of one type: the first has {_name(like)}, and example "
                    f"{index} {_name(part)}. Make them alike, such as by float(…) for each target."
                )
            rows[index] = part
    return made[0], made[1]


def _name(part: Tensor) -> str:
    return str(part.dtype).removeprefix("torch.")


def _spread(count: int) -> Iterator[int]:
    """A few examples from all over."""
    return iter(sorted({index * count // PROBED for index in range(PROBED)}))


PROBED = 8
"""Examples whose size is measured."""


def _iterated(data: Iterable[Any], where: str, limit_gib: float | None) -> tuple[Tensor, Tensor]:
    """The examples of a stream, whose number is known when it has ended."""
    pairs: list[tuple[Tensor, Tensor]] = []
    taken = 0
    for index, example in enumerate(itertools.islice(data, MAX_EXAMPLES + 1)):
        if index == MAX_EXAMPLES:
            raise DataError(f"{where} has more than {MAX_EXAMPLES:,} examples, or no end: pass a part of it.")
        pairs.append(_pair(example, index, where))
        taken += measured_bytes(pairs[-1:], 1)
        if limit_gib is not None and taken > limit_gib * GIB:
            raise DataError(
                f"{where} takes more than {limit_gib:g} GiB in memory, data.resident_gib, after {index + 1:,} "
                "examples. Raise it if there is as much; or pass a part of it."
            )
    if not pairs:
        raise DataError(f"{where} has no examples.")
    try:
        return torch.stack([pair[0] for pair in pairs]), torch.stack([pair[1] for pair in pairs])
    except RuntimeError as error:
        raise DataError(f"The examples of {where} are not all of one shape: {error}.") from error


def _pair(example: Any, index: int, where: str) -> tuple[Tensor, Tensor]:
    if isinstance(example, Mapping):
        names = [str(name) for name in example]
        raise DataError(
            f"Example {index} of {where} has the fields {', '.join(map(repr, names))}: say which two are the input and "
            f"the target, as in data.fields=[{','.join(names[:2])}]."
        )
    if not (isinstance(example, tuple | list) and len(example) == 2):
        raise DataError(f"Example {index} of {where} is {kind(example)}, not a pair (input, target).")
    try:
        return tensor(example[0]), tensor(example[1])
    except (TypeError, ValueError, RuntimeError) as error:
        raise DataError(
            f"Example {index} of {where} is ({kind(example[0])}, {kind(example[1])}), which are not numbers: "
            f"{error}. Give the data set a transform that makes tensors of them."
        ) from error


def _same(one: Tensor, other: Tensor) -> bool:
    """Whether two readings are equal; NaN is equal to itself."""
    return one.shape == other.shape and one.dtype == other.dtype and torch.equal(one.nan_to_num(), other.nan_to_num())


def _inputs(values: Any, where: str) -> Tensor:
    inputs = torch.as_tensor(values).detach().cpu()
    if inputs.dtype in (torch.int32, torch.int64):  # token ids
        inputs = inputs.to(torch.int64)
        return inputs.unsqueeze(1) if inputs.ndim == 1 else inputs
    if not inputs.is_floating_point():
        raise DataError(
            f"The inputs of {where} are {_name(inputs)}: networks are trained on floating point numbers, or on token "
            "ids (int64). Convert them, as in inputs.float() / 255 for the pixels of an image."
        )
    inputs = inputs.to(torch.float32)
    return inputs.unsqueeze(1) if inputs.ndim == 1 else inputs


def _targets(values: Any, where: str) -> Tensor:
    targets = torch.as_tensor(values).detach().cpu()
    if targets.is_complex():
        raise DataError(f"The targets of {where} are complex numbers. Valid: class numbers, or values to regress on.")
    if targets.is_floating_point():
        targets = targets.to(torch.float32)
        return targets.unsqueeze(1) if targets.ndim == 1 else targets.flatten(1)
    targets = targets.to(torch.int64)
    return targets.squeeze(1) if targets.ndim == 2 and targets.shape[1] == 1 else targets
