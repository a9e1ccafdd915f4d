"""A data set before it is split: its examples, and the sizes of its splits."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float32, Int64
from torch import Tensor

from ablate.data.reading.layout import Layout
from ablate.data.reading.streamed import Streamed
from ablate.data.scale import Scale
from ablate.errors import DataError

LIMIT_SEED = 20_010_429
"""Fixes the order in which `limit` takes examples: the same ones for every study, seed and machine."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Arrays:
    """Examples with their targets, resident in memory.

    Inputs are numbers, or token ids (int64). Targets are class numbers, shape (examples,), or one for each position of
    an example, such as a token or a pixel, shape `(examples, *positions)`; or values to regress on, shape
    `(examples, *outputs)`.

    Raises:
        DataError: dtypes or shapes are not these.
    """

    inputs: Float32[Tensor, "examples *shape"] | Int64[Tensor, "examples *shape"]
    targets: Int64[Tensor, "examples *positions"] | Float32[Tensor, "examples *outputs"]
    layout: Layout | None = None
    """Of inputs that are several tensors, flattened to (examples, numbers); None: each is one."""

    def __post_init__(self) -> None:
        if self.inputs.dtype not in (torch.float32, torch.int64) or self.inputs.ndim < 2:
            raise DataError(
                f"Inputs are {_described(self.inputs)}; valid: float32, or int64 for token ids, of shape"
                " (examples, *shape), with at least one axis after the first."
            )
        least_axes = {torch.int64: 1, torch.float32: 2}.get(self.targets.dtype)
        if least_axes is None or self.targets.ndim < least_axes:
            raise DataError(
                f"Targets are {_described(self.targets)}; valid: int64 of shape (examples,) for classes, or (examples,"
                " *positions) for a class at each position; float32 of shape (examples, outputs) for regression, or"
                " (examples, *shape)."
            )
        if len(self.inputs) != len(self.targets):
            raise DataError(f"There are {len(self.inputs)} inputs, but {len(self.targets)} targets.")

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def has_classes(self) -> bool:
        """Whether the targets are class numbers."""
        return self.targets.dtype == torch.int64

    @property
    def has_tokens(self) -> bool:
        """Whether the inputs are token ids."""
        return not self.inputs.is_floating_point()

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one input."""
        return tuple(self.inputs.shape[1:])

    @property
    def nbytes(self) -> int:
        """Bytes that it takes in memory."""
        return self.inputs.nbytes + self.targets.nbytes

    def at(self, indices: Int64[Tensor, " chosen"]) -> "Arrays":
        """Those examples, in that order."""
        return replace(self, inputs=self.inputs[indices], targets=self.targets[indices])

    def first(self, count: int) -> tuple[Tensor, Tensor]:
        """Copies of the first inputs and of their targets: a network may write into its input."""
        return self.inputs[:count].clone(), self.targets[:count].clone()

    def with_inputs(self, change: Callable[[Tensor], Tensor]) -> "Arrays":
        """The same with other inputs."""
        return replace(self, inputs=change(self.inputs))

    def scale(self) -> Scale:
        """The moments of the inputs."""
        return Scale.of(self.inputs)


Examples = Arrays | Streamed
"""Examples with their targets, wherever their inputs are."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Best:
    """The best rule that there is, where the truth of generated data is known: Bayes' rule, or the true function."""

    predict: Callable[[Tensor], Tensor]
    """From inputs on the CPU, shape (examples, *shape), to what the targets are, as they are encoded: of classes the
    most probable, of other numbers the mean. It reads nothing else, and no random generator."""
    knows: str = ""
    """What it goes by, where that is less than all of an input, such as `the past`."""

    @property
    def name(self) -> str:
        """As tables have it."""
        return f"Bayes from {self.knows}" if self.knows else "Bayes"


@dataclass(frozen=True, kw_only=True, eq=False)
class Source:
    """What `split` draws from, and how. Sizes are numbers of examples; what is left of the pool trains.

    Standardisation takes mean and SD of the train split alone. Targets are standardised first, then shifted:
    `target_shift` is in SD where they are standardised, and in their own units where they are not.

    Raises:
        DataError: classes are asked to be standardised or shifted, or token ids to be standardised.
    """

    pool: Examples
    test: Examples | None = None
    """An official test set. None: the test split comes out of the pool."""
    val_size: int | None
    """None: the whole official validation set."""
    test_size: int | None = None
    """None: the whole official test set."""
    val: Examples | None = None
    """An official validation set. None: the validation split comes out of the pool."""
    standardise_inputs: bool = False
    standardise_targets: bool = False
    target_shift: float = 0.0
    is_fresh: bool | None = False
    """Whether the pool, and an official test set, are another draw for each replicate; None: it is not known."""
    any_length: bool = False
    """Whether the official test set's examples may be longer or shorter than the pool's, along their last axis."""
    best: Best | None = None
    """What no network can expect to beat; None: the truth is not known."""
    held: str = ""
    """Where the examples are while it trains, as a plan says it; empty: it says nothing."""

    def __post_init__(self) -> None:
        if self.pool.has_classes and (self.standardise_targets or self.target_shift):
            raise DataError("The targets are classes: they can be neither standardised nor shifted.")
        if self.standardise_inputs and self.pool.layout is not None:
            raise DataError(
                "The inputs are several tensors: standardise each in the data set. Set data.standardise_inputs=false."
            )
        if self.standardise_inputs and self.pool.has_tokens:
            raise DataError("The inputs are token ids: they cannot be standardised. Set data.standardise_inputs=false.")


def subset(examples: int, limit: int | None, *, option: str = "data.limit") -> Int64[Tensor, " chosen"]:
    """Indices of the first `limit` examples in a fixed random order, ascending; all of them for None.

    A smaller limit takes a subset of what a larger one takes.

    Args:
        examples: How many there are.
        limit: How many to take.
        option: What the user sets the limit by.

    Raises:
        DataError: there are not that many.
    """
    if limit is None:
        return torch.arange(examples)
    if not 1 <= limit <= examples:
        raise DataError(
            f"{option}={limit}, but there are {examples} examples; valid: 1 to {examples}, or null for all."
        )
    order = np.random.default_rng(LIMIT_SEED).permutation(examples)
    return torch.from_numpy(np.sort(order[:limit]))


def _described(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} of shape {tuple(tensor.shape)}"
