"""Data passed from Python as tensors in memory, with a digest of their content."""

import hashlib
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ablate.errors import DataError, kind
from ablate.python.code import array_text

if TYPE_CHECKING:
    from torch import Tensor

    from ablate.data.passed import Passed
    from ablate.data.source import Arrays

VALID = (
    "Valid: a pair of tensors or arrays (inputs, targets), a torch Dataset of such pairs, {'train': …, 'test': …} of "
    "these, a function that returns an ablate.data.Source, or the name of a data set of the configuration"
)

MAX_EXAMPLES = 10_000_000
"""Of an iterable: one that goes on is taken for endless."""


def passed(data: Any, *, name: str | None) -> "Passed":
    """Takes examples into memory.

    Args:
        data: A pair, a Dataset, an iterable, a Source, or `{"train": …, "test": …}` of these.
        name: What an iterable is known by. Its content is not its identity, since it may come in another order, or
            otherwise, each time.

    Raises:
        DataError: it is none of these, or its examples are not all alike.
    """
    from ablate.data.passed import Passed
    from ablate.data.source import Source

    if isinstance(data, Source):
        if data.best is not None or data.is_fresh or data.any_length:
            raise DataError("This Source is drawn anew or has a best rule: pass the function that makes it.")
        pool, test = data.pool, data.test
    elif isinstance(data, Mapping):
        if set(data) != {"train", "test"}:
            raise DataError(f"data has the keys {', '.join(map(repr, data))}. {VALID}.")
        pool, test = (_arrays(data[key], name, key) for key in ("train", "test"))
    else:
        pool, test = _arrays(data, name, "data"), None
    parts = [text for one in (pool, test) if one for text in (array_text(one.inputs), array_text(one.targets)) if text]
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
    is_named = name is not None and any(map(_is_streamed, data.values() if isinstance(data, Mapping) else [data]))
    return Passed(pool, test, content=f"name:{name}" if is_named else digest)


def _arrays(data: Any, name: str | None, where: str) -> "Arrays":
    from ablate.data.source import Arrays

    if isinstance(data, Arrays):
        return data
    if isinstance(data, tuple | list) and len(data) == 2 and all(hasattr(part, "shape") for part in data):
        inputs, targets = data
    elif isinstance(tensors := getattr(data, "tensors", None), tuple) and len(tensors) == 2:  # of a TensorDataset
        inputs, targets = tensors
    elif hasattr(data, "__getitem__") and hasattr(data, "__len__"):
        inputs, targets = _gathered(_indexed(data, where), where)
    elif isinstance(data, Iterable) and not isinstance(data, str | bytes):
        if name is None:
            raise DataError(
                f"{where} is {kind(data)}, which is read from its beginning to its end and may come otherwise each "
                "time: no identity can be had of it. Name it, as in data_name='corpus, March 2024': results are then "
                "told apart by that name."
            )
        inputs, targets = _gathered(itertools.islice(data, MAX_EXAMPLES + 1), where)
    else:
        raise DataError(f"{where} is {kind(data)}. {VALID}.")
    return Arrays(inputs=_inputs(inputs, where), targets=_targets(targets, where))


def _is_streamed(data: Any) -> bool:
    return not (hasattr(data, "__getitem__") and hasattr(data, "__len__")) and not hasattr(data, "pool")


def _indexed(data: Any, where: str) -> Iterator[Any]:
    count = len(data)
    if not count:
        raise DataError(f"{where} has no examples.")
    first, again = data[0], data[0]
    if _texts(first) != _texts(again):
        raise DataError(
            f"Two readings of the first example of {where} differ: it draws something at random, such as an "
            "augmentation, and no identity can be had of it. Take that out; data.augmentation augments minibatches."
        )
    yield first
    for index in range(1, count):
        yield data[index]


def _texts(example: Any) -> list[str]:
    parts: Sequence[Any] = example if isinstance(example, tuple | list) else [example]
    return [array_text(part) or repr(part) for part in parts]


def _gathered(examples: Iterable[Any], where: str) -> "tuple[Tensor, Tensor]":
    import torch

    inputs: list[Tensor] = []
    targets: list[Tensor] = []
    for index, example in enumerate(examples):
        if index == MAX_EXAMPLES:
            raise DataError(f"{where} has more than {MAX_EXAMPLES:,} examples, or no end: pass a part of it.")
        if not (isinstance(example, tuple | list) and len(example) == 2):
            raise DataError(f"Example {index} of {where} is {kind(example)}, not a pair (input, target).")
        try:
            inputs.append(torch.as_tensor(example[0]))
            targets.append(torch.as_tensor(example[1]))
        except (TypeError, ValueError, RuntimeError) as error:
            raise DataError(
                f"Example {index} of {where} is ({kind(example[0])}, {kind(example[1])}), which are not numbers: "
                f"{error}. Give the data set a transform that makes tensors of them."
            ) from error
    if not inputs:
        raise DataError(f"{where} has no examples.")
    try:
        return torch.stack(inputs), torch.stack(targets)
    except RuntimeError as error:
        raise DataError(f"The examples of {where} are not all of one shape: {error}.") from error


def _inputs(values: Any, where: str) -> "Tensor":
    import torch

    inputs = torch.as_tensor(values).detach().cpu()
    if not inputs.is_floating_point():
        raise DataError(
            f"The inputs of {where} are {str(inputs.dtype).removeprefix('torch.')}: networks are trained on floating "
            "point numbers. Convert them, as in inputs.float() / 255 for the pixels of an image."
        )
    inputs = inputs.to(torch.float32)
    return inputs.unsqueeze(1) if inputs.ndim == 1 else inputs


def _targets(values: Any, where: str) -> "Tensor":
    import torch

    targets = torch.as_tensor(values).detach().cpu()
    if targets.is_complex():
        raise DataError(f"The targets of {where} are complex numbers. Valid: class numbers, or values to regress on.")
    if targets.is_floating_point():
        targets = targets.to(torch.float32)
        return targets.unsqueeze(1) if targets.ndim == 1 else targets.flatten(1)
    targets = targets.to(torch.int64)
    return targets.squeeze(1) if targets.ndim == 2 and targets.shape[1] == 1 else targets
