"""Train, validation and test: disjoint, and the same for the same seed."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from ablate.data.reading.streamed import Streamed
from ablate.data.scale import Scale
from ablate.data.source import Best, Examples, Source, subset
from ablate.errors import DataError

Inputs = Sequence[int | Sequence[int]] | Mapping[str, Sequence[int]]
"""`data.inputs`: the shape of one example; or of each of its tensors, in a list or by the argument that it is for."""

Sampling = Literal["redrawn", "official", "fresh"]
"""What the replicates of a study have of each other's examples, in the words of a record: all splits are redrawn from
one pool (`redrawn`), the test set is one and the same and the others are redrawn (`official`), or nothing (`fresh`)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Splits:
    """The examples for training, for validation, and for the response."""

    train: Examples
    val: Examples
    test: Examples
    sampling: Sampling | None = None
    """What other replicates have of these examples; None: not known."""
    any_length: bool = False
    """Whether test examples may be longer or shorter than the others, along their last axis."""
    best: Best | None = None
    """The best rule that there is, from these inputs to these targets; None: it is not known."""

    @property
    def is_streamed(self) -> bool:
        """Whether some of the inputs are not in memory."""
        return any(isinstance(part, Streamed) for part in (self.train, self.val, self.test))


def split(source: Source, *, seed: int) -> Splits:
    """Draws the splits and standardises them by the train split's moments.

    One plain random permutation of the pool, not stratified: class shares vary between splits as in any
    random sample. Test examples come first and validation examples next, so that another `val_size` leaves
    the test split as it was. An official test set is the same for every seed. Global random state is neither
    read nor changed.

    Raises:
        DataError: the sizes do not fit.
    """
    tested, validated = _held_out(source)
    order = torch.from_numpy(np.random.default_rng(seed).permutation(len(source.pool)))
    if source.test is None:
        test = source.pool.at(order[:tested])
    else:
        test = source.test.at(subset(len(source.test), source.test_size, option="data.test_size"))
    if source.val is None:
        val = source.pool.at(order[tested : tested + validated])
    else:
        val = source.val.at(subset(len(source.val), source.val_size, option="data.val_size"))
    train = source.pool.at(order[tested + validated :])
    return _standardised(source, Splits(train=train, val=val, test=test))


def training_examples(source: Source) -> int:
    """How many examples of the pool are left to train on, without drawing them.

    Raises:
        DataError: the sizes do not fit.
    """
    return len(source.pool) - sum(_held_out(source))


def check(splits: Splits, *, inputs: Inputs, outputs: int, ignored: int | None = None) -> None:
    """Checks the arrays against what the configuration says of them.

    Args:
        splits: What was loaded.
        inputs: Shape of one example, or of each of its tensors; a test example's last axis may differ where the splits
            say so.
        outputs: Number of classes, or of values to regress on.
        ignored: What stands in place of a class at positions that the loss leaves out; None: nothing does.

    Raises:
        DataError: they disagree, or a value is not finite.
    """
    for name, examples in (("train", splits.train), ("val", splits.val), ("test", splits.test)):
        found = list(examples.shape) if examples.layout is None else examples.layout.described
        expected = dict(inputs) if isinstance(inputs, Mapping) else list(inputs)
        is_as_said = found == expected
        if name == "test" and splits.any_length and isinstance(found, list) and isinstance(expected, list):
            is_as_said = found[:-1] == expected[:-1]
        if not is_as_said:
            raise DataError(
                f"One example of the {name} split has shape {found}, but the configuration says"
                f" data.inputs={expected}. Make them agree."
            )
        _check_targets(name, examples, outputs, ignored)
        inputs_are_finite = isinstance(examples, Streamed) or _finite(examples.inputs)  # they were checked as read
        if not (inputs_are_finite and _finite(examples.targets)):
            raise DataError(f"The {name} split holds NaN or infinite values: every training on it would diverge.")


def _held_out(source: Source) -> tuple[int, int]:
    """Examples of the pool that the test split takes, and those that the validation split takes."""
    pool = len(source.pool)
    sizes: dict[str, int] = {}
    for name, official, size, title in (
        ("test_size", source.test, source.test_size, "test"),
        ("val_size", source.val, source.val_size, "validation"),
    ):
        if official is None and size is None:
            what = "test" if name == "test_size" else "validate"
            raise DataError(f"There is no official {title} set: say how many examples {what}, by data.{name}.")
        if official is not None and len(official) == 0:
            raise DataError(f"The official {title} set is empty.")
        if size is not None and size < 1:
            raise DataError(f"data.{name}={size} leaves a split empty; valid: 1 or more.")
        if official is None and size is not None:
            sizes[name] = size
    if sum(sizes.values()) >= pool:
        asked = " and ".join(f"data.{name}={size}" for name, size in sorted(sizes.items(), reverse=True))
        raise DataError(
            f"{asked} of {pool} examples leave none to train on. Make them smaller, or data.limit larger"
            " where it is set."
            if asked
            else "There are no examples to train on."
        )
    return sizes.get("test_size", 0), sizes.get("val_size", 0)


def _standardised(source: Source, splits: Splits) -> Splits:
    inputs = splits.train.scale() if source.standardise_inputs else None
    targets = Scale.of(splits.train.targets) if source.standardise_targets else None

    def scaled(examples: Examples) -> Examples:
        values = targets.apply(examples.targets) if targets else examples.targets
        values = values + source.target_shift if source.target_shift else values
        return replace(examples.with_inputs(inputs.apply) if inputs else examples, targets=values)

    return Splits(
        train=scaled(splits.train),
        val=scaled(splits.val),
        test=scaled(splits.test),
        sampling=_sampling(source),
        any_length=source.any_length,
        best=_best(source, inputs, targets),
    )


def _sampling(source: Source) -> Sampling | None:
    if source.is_fresh is None:
        return None
    return "fresh" if source.is_fresh else "redrawn" if source.test is None else "official"


def _best(source: Source, inputs: Scale | None, targets: Scale | None) -> Best | None:
    """The rule of the source, between inputs and targets as they are standardised and shifted."""
    best = source.best
    if best is None or not (inputs or targets or source.target_shift):
        return best

    def predict(given: Tensor) -> Tensor:
        found = best.predict(given * inputs.sd + inputs.mean if inputs else given)
        return (targets.apply(found) if targets else found) + source.target_shift

    return replace(best, predict=predict)


def _check_targets(name: str, examples: Examples, outputs: int, ignored: int | None) -> None:
    targets = examples.targets
    if not examples.has_classes:
        if math.prod(targets.shape[1:]) != outputs:
            raise DataError(
                f"One target of the {name} split has shape {list(targets.shape[1:])}, but the"
                f" configuration says data.outputs={outputs}. Make them agree."
            )
        return
    if targets.ndim > 1 and ignored is not None:
        targets = targets[targets != ignored]
        if not len(targets):
            raise DataError(
                f"All targets of the {name} split are {ignored}, which the loss ignores: nothing would be learned or"
                " tested. Set objective.loss.ignore_index to the number at positions that do not count."
            )
    low, high = int(targets.min()), int(targets.max())
    if low < 0 or high >= outputs:
        raise DataError(
            f"The {name} split has classes {low} to {high}, but the configuration says"
            f" data.outputs={outputs}, classes 0 to {outputs - 1}. Make them agree."
            + _ignorable(examples.targets, low if low < 0 else high)
        )


def _ignorable(targets: Tensor, number: int) -> str:
    """What else a number that is no class may be, of targets with one for each position."""
    if targets.ndim == 1:
        return ""
    return f" If {number} stands at positions that do not count, set objective.loss.ignore_index={number}."


def _finite(values: Tensor) -> bool:
    return bool(torch.isfinite(values).all())
