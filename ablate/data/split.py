"""Train, validation and test: disjoint, and the same for the same seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from ablate.data.scale import Scale
from ablate.data.source import Arrays, Source, subset
from ablate.errors import DataError

Sampling = Literal["redrawn", "official", "fresh"]
"""What the replicates of a study have of each other's examples, in the words of a record: all splits are redrawn from
one pool (`redrawn`), the test set is one and the same and the others are redrawn (`official`), or nothing (`fresh`)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Splits:
    """The examples for training, for validation, and for the response."""

    train: Arrays
    val: Arrays
    test: Arrays
    sampling: Sampling | None = None
    """What other replicates have of these examples; None: not known."""
    any_length: bool = False
    """Whether test examples may be longer or shorter than the others, along their last axis."""


def split(source: Source, *, seed: int) -> Splits:
    """Draws the splits and standardises them by the train split's moments.

    One plain random permutation of the pool, not stratified: class shares vary between splits as in any
    random sample. Test examples come first and validation examples next, so that another `val_size` leaves
    the test split as it was. An official test set is the same for every seed. Global random state is neither
    read nor changed.

    Raises:
        DataError: the sizes do not fit.
    """
    held_out = _held_out(source)
    order = torch.from_numpy(np.random.default_rng(seed).permutation(len(source.pool)))
    if source.test is None:
        test = source.pool.at(order[:held_out])
    else:
        test = source.test.at(subset(len(source.test), source.test_size, option="data.test_size"))
    val = source.pool.at(order[held_out : held_out + source.val_size])
    train = source.pool.at(order[held_out + source.val_size :])
    return _standardised(source, Splits(train=train, val=val, test=test))


def training_examples(source: Source) -> int:
    """How many examples of the pool are left to train on, without drawing them.

    Raises:
        DataError: the sizes do not fit.
    """
    return len(source.pool) - _held_out(source) - source.val_size


def check(splits: Splits, *, inputs: Sequence[int], outputs: int) -> None:
    """Checks the arrays against what the configuration says of them.

    Args:
        splits: What was loaded.
        inputs: Shape of one example; a test example's last axis may differ where the splits say so.
        outputs: Number of classes, or of values to regress on.

    Raises:
        DataError: they disagree, or a value is not finite.
    """
    for name, arrays in (("train", splits.train), ("val", splits.val), ("test", splits.test)):
        found, expected = list(arrays.inputs.shape[1:]), list(inputs)
        fixed = slice(-1) if name == "test" and splits.any_length else slice(None)
        if found[fixed] != expected[fixed]:
            raise DataError(
                f"One example of the {name} split has shape {found}, but the configuration says"
                f" data.inputs={expected}. Make them agree."
            )
        _check_targets(name, arrays, outputs)
        if not (_finite(arrays.inputs) and _finite(arrays.targets)):
            raise DataError(f"The {name} split holds NaN or infinite values: every training on it would diverge.")


def _held_out(source: Source) -> int:
    """Examples of the pool that the test split takes."""
    pool = len(source.pool)
    sizes = {"val_size": source.val_size}
    if source.test is None:
        if source.test_size is None:
            raise DataError("There is no official test set: say how many examples test, by data.test_size.")
        sizes["test_size"] = source.test_size
    elif len(source.test) == 0:
        raise DataError("The official test set is empty.")
    for name, size in sizes.items():
        if size < 1:
            raise DataError(f"data.{name}={size} leaves a split empty; valid: 1 or more.")
    if sum(sizes.values()) >= pool:
        asked = " and ".join(f"data.{name}={size}" for name, size in sizes.items())
        raise DataError(
            f"{asked} of {pool} examples leave none to train on. Make them smaller, or data.limit larger"
            " where it is set."
        )
    return sizes.get("test_size", 0)


def _standardised(source: Source, splits: Splits) -> Splits:
    inputs = Scale.of(splits.train.inputs) if source.standardise_inputs else None
    targets = Scale.of(splits.train.targets) if source.standardise_targets else None

    def scaled(arrays: Arrays) -> Arrays:
        values = targets.apply(arrays.targets) if targets else arrays.targets
        return Arrays(
            inputs=inputs.apply(arrays.inputs) if inputs else arrays.inputs,
            targets=values + source.target_shift if source.target_shift else values,
        )

    return Splits(
        train=scaled(splits.train),
        val=scaled(splits.val),
        test=scaled(splits.test),
        sampling="fresh" if source.is_fresh else "redrawn" if source.test is None else "official",
        any_length=source.any_length,
    )


def _check_targets(name: str, arrays: Arrays, outputs: int) -> None:
    if not arrays.has_classes:
        if arrays.targets.shape[1] != outputs:
            raise DataError(
                f"One target of the {name} split has shape {list(arrays.targets.shape[1:])}, but the"
                f" configuration says data.outputs={outputs}. Make them agree."
            )
        return
    low, high = int(arrays.targets.min()), int(arrays.targets.max())
    if low < 0 or high >= outputs:
        raise DataError(
            f"The {name} split has classes {low} to {high}, but the configuration says"
            f" data.outputs={outputs}, classes 0 to {outputs - 1}. Make them agree."
        )


def _finite(values: Tensor) -> bool:
    return bool(torch.isfinite(values).all())
