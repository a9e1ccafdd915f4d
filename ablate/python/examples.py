"""Data passed from Python, with a digest of their content."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ablate.errors import DataError, kind
from ablate.python.code import array_text, tensor_text

if TYPE_CHECKING:
    from ablate.data.passed import Passed
    from ablate.data.reading.collated import Collate
    from ablate.data.reading.fields import Fields
    from ablate.data.source import Examples

VALID = (
    "Valid: a pair of tensors or arrays (inputs, targets), a torch Dataset of such pairs, {'train': …, 'val': …, "
    "'test': …} of these, a function that returns an ablate.data.Source, or the name of a data set of the configuration"
)


def passed(
    data: Any,
    *,
    name: str | None,
    limit_gib: float | None = None,
    workers: int = 1,
    fields: "Fields | None" = None,
    collate_fn: "Collate | None" = None,
) -> "Passed":
    """Takes examples into memory, or streams them where they take too much.

    Args:
        data: A pair, a Dataset, an iterable, a Source, or `{"train": …, "val": …, "test": …}` of these, of which the
            last two may be left out.
        name: What an iterable is known by. Its content is not its identity, since it may come in another order, or
            otherwise, each time.
        limit_gib: What a Dataset may take in memory, in GiB; None: anything.
        workers: Processes that read one that takes more.
        fields: Those of an example that are its input and its target, where examples are mappings; None: they are
            pairs.
        collate_fn: Makes a minibatch of inputs and targets, or of fields, of a list of examples; None: they are left.

    Raises:
        DataError: it is none of these, its examples are not all alike, or they take too much.
    """
    from ablate.data.passed import Passed
    from ablate.data.reading.collated import collated
    from ablate.data.reading.fields import pairs
    from ablate.data.reading.source import ALIASES, PARTS
    from ablate.data.source import Source

    if isinstance(data, Source):
        if data.best is not None or data.is_fresh or data.any_length:
            raise DataError("This Source is drawn anew or has a best rule: pass the function that makes it.")
        found = {"train": data.pool, "val": data.val, "test": data.test}
    else:
        parts = (
            {ALIASES.get(part, part): one for part, one in data.items()}
            if isinstance(data, Mapping)
            else {"train": data}
        )
        if "train" not in parts or not set(parts) <= set(PARTS):
            raise DataError(f"data has the keys {', '.join(map(repr, parts))}. {VALID}.")
        where = {part: str(part) if isinstance(data, Mapping) else "data" for part in parts}
        made = {p: one if collate_fn is None else collated(one, collate_fn, where[p]) for p, one in parts.items()}
        read = {part: one if fields is None else pairs(one, fields, where[part]) for part, one in made.items()}
        found = {part: _examples(read[part], name, where[part], limit_gib, workers) for part in PARTS if part in parts}
    kept = {part: one for part, one in found.items() if one is not None}
    texts = [text for one in kept.values() for text in (_inputs_text(one), array_text(one.targets)) if text]
    digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]
    is_named = name is not None and any(map(_is_streamed, data.values() if isinstance(data, Mapping) else [data]))
    content = f"name:{name}" if is_named else digest
    return Passed(kept["train"], kept.get("test"), content=content, val=kept.get("val"))


def _inputs_text(examples: "Examples") -> str | None:
    """The same, wherever they are."""
    from ablate.data.reading.streamed import Streamed

    if isinstance(examples, Streamed):
        return tensor_text(examples.in_order(), (len(examples), *examples.shape))
    return array_text(examples.inputs)


def _examples(data: Any, name: str | None, where: str, limit_gib: float | None, workers: int) -> "Examples":
    from ablate.data.reading.examples import examples

    is_iterable = isinstance(data, Iterable) and not isinstance(data, str | bytes)
    if is_iterable and _is_streamed(data) and name is None:
        raise DataError(
            f"{where} is {kind(data)}, which is read from its beginning to its end and may come otherwise each time: "
            "no identity can be had of it. Name it, as in data_name='corpus, March 2024': results are then told apart "
            "by that name."
        )
    if not is_iterable and _is_streamed(data):
        raise DataError(f"{where} is {kind(data)}. {VALID}.")
    return examples(data, where, limit_gib=limit_gib, workers=workers)


def _is_streamed(data: Any) -> bool:
    return not (hasattr(data, "__getitem__") and hasattr(data, "__len__")) and not hasattr(data, "inputs")
