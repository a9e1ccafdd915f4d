"""A `Source` of what torch has, with the sizes of its splits."""

from collections.abc import Mapping
from typing import Any

from torch.utils.data import Subset

from ablate.data.reading.collated import Collate, collated
from ablate.data.reading.examples import VALID, WORKERS, examples, is_map_style
from ablate.data.reading.fields import Fields, pairs
from ablate.data.reading.size import held
from ablate.data.source import Examples, Source, subset
from ablate.errors import DataError

VAL_SHARE, TEST_SHARE = 0.1, 0.2
"""Of the examples, where nothing is said."""

PARTS = ("train", "val", "test")

ALIASES = {"validation": "val", "valid": "val"}
"""What others call these parts."""


def as_source(
    parts: Mapping[str, Any],
    *,
    title: str,
    fields: Fields | None = None,
    collate_fn: Collate | None = None,
    limit: int | None = None,
    val_size: int | float | None = None,
    test_size: int | float | None = None,
    standardise_inputs: bool = False,
    standardise_targets: bool = False,
    resident_gib: float | None = None,
    workers: int = WORKERS,
    is_fresh: bool | None = False,
) -> Source:
    """Takes a data set into memory, or streams it where that takes too much.

    Args:
        parts: `train` → a torch Dataset of pairs, a pair of tensors or an iterable of pairs; `val` and `test` → the
            official ones, where there are.
        title: What errors call it.
        fields: Those of an example that are its input and its target, where examples are mappings; None: they are
            pairs.
        collate_fn: Makes a minibatch of inputs and targets, or of fields, of a list of examples; None: they are left.
        limit: Examples to use at all, official sets apart; None: every one.
        val_size: Examples of the validation split, or their share; None: a tenth, or the whole official set.
        test_size: The same of the test split; None: a fifth, or the whole official set.
        standardise_inputs: As of a `Source`.
        standardise_targets: As of a `Source`.
        resident_gib: What each part may take in memory, in GiB; None: anything.
        workers: Processes that read a part that takes more.
        is_fresh: Whether it is another draw for each replicate; None: it is not known.

    Raises:
        DataError: it is none of these, takes too much memory and cannot be streamed, or a size does not fit.
    """
    parts = {ALIASES.get(part, part): data for part, data in parts.items()}
    if unknown := set(parts) - set(PARTS):
        raise DataError(
            f"{title} has the parts {', '.join(map(repr, parts))}; valid: {', '.join(map(repr, PARTS))}, "
            f"and not {', '.join(map(repr, sorted(map(str, unknown))))}."
        )
    if "train" not in parts:
        raise DataError(f"{title} has no examples to train on. {VALID}.")
    if collate_fn is not None:
        parts = {part: collated(data, collate_fn, title) for part, data in parts.items()}
    if fields is not None:
        parts = {part: pairs(data, fields, title) for part, data in parts.items()}
    pool = _pool(parts["train"], title, limit, resident_gib, workers)
    official = {
        part: examples(parts[part], f"{title} ({part})", limit_gib=resident_gib, workers=workers)
        for part in PARTS[1:]
        if part in parts
    }
    val, test = official.get("val"), official.get("test")
    return Source(
        pool=pool,
        val=val,
        test=test,
        val_size=_size(val_size, VAL_SHARE, pool, val),
        test_size=_size(test_size, TEST_SHARE, pool, test),
        standardise_inputs=standardise_inputs,
        standardise_targets=standardise_targets,
        is_fresh=is_fresh,
        held=held([one for one in (pool, val, test) if one is not None], title, limit_gib=resident_gib),
    )


def _pool(data: Any, title: str, limit: int | None, resident_gib: float | None, workers: int) -> Examples:
    if limit is not None and is_map_style(data) and not isinstance(data, tuple | list):
        # Chosen before they are read: all of them may take too much.
        data, limit = Subset(data, subset(len(data), limit).tolist()), None
    found = examples(data, title, limit_gib=resident_gib, workers=workers)
    return found if limit is None else found.at(subset(len(found), limit))


def _size(asked: int | float | None, share: float, pool: Examples, official: Examples | None) -> int | None:
    """Examples of a split; None: the whole of the official one."""
    if asked is None and official is not None:
        return None
    if isinstance(asked, int):
        return asked
    return max(1, round((share if asked is None else asked) * len(pool if official is None else official)))
