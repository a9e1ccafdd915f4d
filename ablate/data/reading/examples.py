"""Pairs (input, target) as tensors: of two tensors, a torch Dataset, or anything that goes through them."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ablate.data.reading.layout import Layout, is_several, packed
from ablate.data.reading.reader import AT_ONCE, Read, Reader
from ablate.data.reading.size import GIB, amount, measured_bytes
from ablate.data.reading.streamed import Streamed
from ablate.data.source import Arrays, Examples
from ablate.errors import DataError, kind

MAX_EXAMPLES = 10_000_000
"""Of an iterable: one that goes on is taken for endless."""

WORKERS = 2
"""Processes that read a data set that does not fit in memory, where `data.workers` does not say."""

VALID = "Valid: a pair of tensors or arrays (inputs, targets), a torch Dataset of such pairs"

Pair = tuple[Tensor, Tensor, Layout | None]
"""An input, its target, and how the input lies if it is several tensors."""


def is_map_style(data: object) -> bool:
    """Whether examples are found by their number, so that they can be read in any order, and again."""
    return hasattr(data, "__getitem__") and hasattr(data, "__len__")


def examples(data: Any, where: str, *, limit_gib: float | None = None, workers: int = WORKERS) -> Examples:
    """Takes examples into memory, or only their targets where all of them take too much.

    Args:
        data: A pair of tensors or arrays, a Dataset of pairs, or an iterable of pairs.
        where: What an error calls it.
        limit_gib: What they may take in memory, in GiB; None: anything.
        workers: Processes that read a Dataset that takes more.

    Raises:
        DataError: it is none of these, its examples are not all alike or drawn at random, or an iterable takes more.
    """
    if isinstance(data, Arrays | Streamed):
        return data
    layout: Layout | None = None
    if isinstance(data, tuple | list) and len(data) == 2 and hasattr(data[1], "shape") and _is_whole(data[0]):
        inputs, targets = data
        if is_several(inputs):
            inputs, layout = packed(inputs, torch.as_tensor, where, examples=len(targets))
    elif isinstance(tensors := getattr(data, "tensors", None), tuple) and len(tensors) == 2:  # of a TensorDataset
        inputs, targets = tensors
    elif isinstance(data, str | bytes):
        raise DataError(f"{where} is {kind(data)}. {VALID}.")
    elif is_map_style(data):
        first = _first(data, where)
        if limit_gib is not None and _bytes(data, where) > limit_gib * GIB:
            return _streamed(Alike(data, first, where), len(data), where, limit_gib=limit_gib, workers=workers)
        inputs, targets, layout = _indexed(data, first, where)
    elif isinstance(data, Iterable):
        inputs, targets, layout = _iterated(data, where, limit_gib)
    else:
        raise DataError(f"{where} is {kind(data)}. {VALID}.")
    return Arrays(inputs=_inputs(inputs, where), targets=_targets(targets, where), layout=layout)


def _is_whole(inputs: Any) -> bool:
    """Whether it has all examples along its first axis: a tensor, or several."""
    parts = inputs.values() if isinstance(inputs, Mapping) else inputs if is_several(inputs) else [inputs]
    return all(hasattr(part, "shape") for part in parts)


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


class Alike:
    """The examples of a map-style data set, several at a time: all of the shape and type of the first."""

    def __init__(self, data: Any, first: Pair, where: str) -> None:
        self._data, self._first, self._where = data, first, where

    @property
    def layout(self) -> Layout | None:
        """Of the inputs, if each is several tensors."""
        return self._first[2]

    def __getitem__(self, rows: Sequence[int]) -> Read | DataError:
        """Their inputs and targets in the types that they are kept in; where that fails, the error."""
        try:
            pairs = [self._pair(index) for index in rows]
            inputs, targets = torch.stack([pair[0] for pair in pairs]), torch.stack([pair[1] for pair in pairs])
            return _inputs(inputs, self._where), _targets(targets, self._where)
        except DataError as error:
            return error

    def _pair(self, index: int) -> Pair:
        try:
            found = _pair(self._data[index], index, self._where)
        except DataError:
            raise
        except Exception as error:
            raise DataError(
                f"Example {index} of {self._where} cannot be read: {type(error).__name__}: {error}."
            ) from error
        _check_alike(found, self._first, index, self._where)
        return found


def _streamed(data: Alike, count: int, where: str, *, limit_gib: float, workers: int) -> Streamed:
    """Reads all examples once, to check them and to keep their targets."""
    reader = Reader(data, workers=workers)
    like, wanted = reader.here([0])
    Arrays(inputs=like, targets=wanted)  # which says what is valid
    if (takes := wanted.nbytes * count) > limit_gib * GIB:
        raise DataError(
            f"The targets of {where} alone take {amount(takes)}, and they are kept in memory; the limit is "
            f"data.resident_gib={limit_gib:g}. Raise it, or take fewer examples, with data.limit."
        )
    targets: list[Tensor] = []
    try:
        for number, (inputs, found) in enumerate(reader.read(torch.arange(count).split(AT_ONCE))):
            if inputs.is_floating_point() and not bool(torch.isfinite(inputs).all()):
                first, last = number * AT_ONCE, number * AT_ONCE + len(inputs) - 1
                raise DataError(
                    f"The examples {first} to {last} of {where} hold NaN or infinite values: every training on them "
                    "would diverge."
                )
            targets.append(found)
    finally:
        reader.close()
    return Streamed(
        reader=reader,
        rows=torch.arange(count),
        targets=torch.cat(targets),
        like=like,
        layout=data.layout,
        limit_gib=limit_gib,
    )


def _first(data: Any, where: str) -> Pair:
    """The first example of a map-style data set, which is the same when it is read again."""
    if not len(data):
        raise DataError(f"{where} has no examples.")
    first, again = (_pair(data[0], 0, where) for _ in range(2))
    if not all(_same(one, two) for one, two in zip(first[:2], again[:2], strict=True)):
        raise DataError(
            f"Two readings of the first example of {where} differ: it draws something at random, such as an "
            "augmentation, which would be frozen in memory, and no identity can be had of it. Take that out; "
            "data.augmentation augments minibatches."
        )
    return first


def _bytes(data: Any, where: str) -> int:
    """What a map-style data set takes in memory, by a few of its examples."""
    return measured_bytes([_pair(data[index], index, where)[:2] for index in _spread(len(data))], len(data))


def _indexed(data: Any, first: Pair, where: str) -> Pair:
    """The examples of a map-style data set, each written where it stays: no second copy of all is made."""
    count = len(data)
    made = [torch.empty((count, *part.shape), dtype=part.dtype) for part in first[:2]]
    for index in range(count):
        found = _pair(data[index], index, where)
        _check_alike(found, first, index, where)
        for rows, part in zip(made, found[:2], strict=True):
            rows[index] = part
    return made[0], made[1], first[2]


def _check_alike(found: Pair, first: Pair, index: int, where: str) -> None:
    _check_layout(found, first, index, where)
    for part, like in zip(found[:2], first[:2], strict=True):
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


def _check_layout(found: Pair, first: Pair, index: int, where: str) -> None:
    if found[2] != first[2]:
        one, other = (pair[2].described if pair[2] else "one tensor" for pair in (first, found))
        raise DataError(
            f"The inputs of {where} are not all of one shape: {one} is that of the first, and {other} that of example "
            f"{index}."
        )


def _name(part: Tensor) -> str:
    return str(part.dtype).removeprefix("torch.")


def _spread(count: int) -> Iterator[int]:
    """A few examples from all over."""
    return iter(sorted({index * count // PROBED for index in range(PROBED)}))


PROBED = 8
"""Examples whose size is measured."""


def _iterated(data: Iterable[Any], where: str, limit_gib: float | None) -> Pair:
    """The examples of a stream, whose number is known when it has ended."""
    pairs: list[Pair] = []
    taken = 0
    for index, example in enumerate(itertools.islice(data, MAX_EXAMPLES + 1)):
        if index == MAX_EXAMPLES:
            raise DataError(f"{where} has more than {MAX_EXAMPLES:,} examples, or no end: pass a part of it.")
        pairs.append(_pair(example, index, where))
        _check_layout(pairs[-1], pairs[0], index, where)
        taken += measured_bytes([pairs[-1][:2]], 1)
        if limit_gib is not None and taken > limit_gib * GIB:
            raise DataError(
                f"{where} takes more than {limit_gib:g} GiB in memory, data.resident_gib, after {index + 1:,} "
                "examples, and is read from its beginning to its end only: splits and minibatches take examples by "
                "their numbers. Give it __len__ and __getitem__, to be streamed; raise the limit if there is as much "
                "memory; or pass a part of it."
            )
    if not pairs:
        raise DataError(f"{where} has no examples.")
    try:
        return torch.stack([pair[0] for pair in pairs]), torch.stack([pair[1] for pair in pairs]), pairs[0][2]
    except RuntimeError as error:
        raise DataError(f"The examples of {where} are not all of one shape: {error}.") from error


def _pair(example: Any, index: int, where: str) -> Pair:
    if isinstance(example, Mapping):
        names = [str(name) for name in example]
        raise DataError(
            f"Example {index} of {where} has the fields {', '.join(map(repr, names))}: say which two are the input and "
            f"the target, as in data.fields=[{','.join(names[:2])}]."
        )
    if not (isinstance(example, tuple | list) and len(example) == 2):
        raise DataError(f"Example {index} of {where} is {kind(example)}, not a pair (input, target).")
    try:
        target = tensor(example[1])
        if is_several(example[0]):
            inputs, layout = packed(example[0], tensor, where)
            return inputs, target, layout
        return tensor(example[0]), target, None
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
        return targets.unsqueeze(1) if targets.ndim == 1 else targets
    targets = targets.to(torch.int64)
    return targets.squeeze(1) if targets.ndim == 2 and targets.shape[1] == 1 else targets
