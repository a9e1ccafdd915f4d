"""The `data` group, and what it says of itself to the other groups."""

import math
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, cast

import msgspec

from ablate.config.augmentation import AUGMENTATION, BORDERS, AugmentationSettings, switched_on
from ablate.config.group import LOCATED, Group
from ablate.config.resolution.lines import lines_to_add, listed
from ablate.config.schema import convert
from ablate.errors import ConfigError, kind, unknown

DATA_NAMES: Mapping[str, str] = {
    "autoregression": "autoregressive series",
    "cifar10": "CIFAR-10",
    "csv": "a table",
    "curve": "a function of one variable",
    "diabetes": "scikit-learn's diabetes",
    "digit_pairs": "pairs of scikit-learn's digits",
    "digit_sets": "sets of scikit-learn's digits",
    "digits": "scikit-learn's digits",
    "fashion_mnist": "Fashion-MNIST",
    "image_folder": "a folder of images",
    "mnist": "MNIST",
    "mnist1d": "MNIST-1D",
    "mnist1d_features": "convolutional features of MNIST-1D",
    "moons": "two moons",
    "motifs": "sequences with motifs",
    "recall": "key–value recall",
    "shifted_digits": "shifted digits of scikit-learn",
    "synthetic": "synthetic regression",
    "xor": "XOR",
}
"""Option of the group → what plans and tables call it. A user-defined one is called what its option is."""


class Description(msgspec.Struct, kw_only=True, frozen=True):
    """What `data` says of itself: the shape of one example, its classes or values, and how many make a minibatch."""

    inputs: list[int | list[int]] | dict[str, list[int]]
    """Of several tensors: a list of shapes, or argument of the network → shape."""
    outputs: int
    batch_size: int

    @property
    def shape(self) -> list[int]:
        """Of one example as it is held: several tensors are held as one row of numbers."""
        parts = list(self.inputs.values() if isinstance(self.inputs, dict) else self.inputs)
        several = [part for part in parts if isinstance(part, list)]
        return [sum(map(math.prod, several))] if several else [part for part in parts if isinstance(part, int)]


RESIDENT_GIB = 4.0
"""What a data set may take in memory, in GiB, where `data.resident_gib` does not say. A larger one is streamed."""

WORKERS = 2
"""Processes that read what does not fit, where `data.workers` does not say."""

Size = int | float | None
"""Of a split: a number of examples, or a share of those that there are, between 0 and 1; None: by default."""


class Reading(msgspec.Struct, kw_only=True, frozen=True):
    """How what torch has becomes a data set of splits: keys that its `_target_` need not take."""

    fields: list[str | list[str] | dict[str, str]] | None = None
    """Those of an example that are its input and its target, where examples are mappings. Several are the input as a
    list, each for the argument of its name; or as a mapping, argument → field."""
    collate_fn: str | dict[str, Any] | None = None
    """A function from examples to a minibatch of inputs and targets: its dotted name, or a node with `_partial_`."""
    limit: int | None = None
    val_size: Size = None
    test_size: Size = None
    standardise_inputs: bool = False
    standardise_targets: bool = False
    val: dict[str, Any] | None = None
    """Arguments in which the official validation set differs, or a node of its own."""
    test: dict[str, Any] | None = None
    """The same of the official test set."""
    resident_gib: float = RESIDENT_GIB
    workers: int = WORKERS


READING = Reading.__struct_fields__


class DataGroup(Group):
    """The `data` group.

    A plain network needs a description of its data and has them augmented; a LightningDataModule need have neither, so
    that what does not fit is an error only where it is asked for.
    """

    @property
    def undescribed(self) -> tuple[str, ...]:
        """The keys that a plain network needs of its data, and that are missing."""
        return tuple(f"data.{key}" for key in Description.__struct_fields__ if key not in self)

    @cached_property
    def description(self) -> Description:
        """What `data` says of itself.

        Raises:
            ConfigError: a key is missing, or its value does not fit.
        """
        if lacking := self.undescribed:
            raise ConfigError(
                f"{listed(lacking)} {'is' if len(lacking) == 1 else 'are'} missing: data says the shape of its inputs, "
                f"its outputs and batch_size. Add to its YAML:\n{lines_to_add(lacking, indented=False)}"
            )
        description = convert({k: self[k] for k in Description.__struct_fields__}, Description, "data")
        if isinstance(description.inputs, list) and len({isinstance(part, int) for part in description.inputs}) > 1:
            raise ConfigError(
                f"data.inputs={description.inputs} mixes numbers and shapes: write one shape, such as [3, 32, 32]; or "
                "one for each tensor, such as [[3, 32, 32], [10]] or {image: [3, 32, 32], mask: [32, 32]}."
            )
        if description.batch_size < 1:
            raise ConfigError(f"data.batch_size={description.batch_size} trains nothing: it must be 1 or more.")
        return description

    @property
    def is_read(self) -> bool:
        """Whether where its examples are depends on their size: all but the data sets that come with ablate."""
        return self.is_located or not str(self.get("_target_", "")).startswith("ablate.data.")

    @property
    def is_located(self) -> bool:
        """Whether it is what lies under its `root`, which is then part of its identity."""
        return self.get("_target_") in LOCATED

    @property
    def located(self) -> tuple[str, ...]:
        """The files and folders that it is: those of the others are known by what reads them."""
        return tuple(str(self[key]) for key in ("root", "test") if self.is_located and self.get(key))

    def reading(self, keys: Iterable[str]) -> Reading:
        """How its examples are read, as those of its keys say that are ablate's to follow.

        Raises:
            ConfigError: a value does not fit.
        """
        found = convert({key: self[key] for key in keys}, Reading, "data")
        for name in ("val_size", "test_size"):
            size = getattr(found, name)
            if isinstance(size, float) and not 0 < size < 1:
                raise ConfigError(
                    f"data.{name}={size} is no share; valid: a number of examples, or a share between 0 and 1, such as "
                    "0.1."
                )
        if not found.resident_gib > 0:
            raise ConfigError(f"data.resident_gib={found.resident_gib} holds nothing; valid: more than 0, in GiB.")
        if found.workers < 1:
            raise ConfigError(f"data.workers={found.workers} read nothing; valid: 1 or more processes.")
        return found

    @property
    def is_augmented(self) -> bool:
        """Whether an augmentation is asked for, be it ablate's or the data set's own."""
        return switched_on(self.get(AUGMENTATION)) is not None

    @cached_property
    def augmentation(self) -> AugmentationSettings:
        """The augmentation, where it is ablate's to do.

        Raises:
            ConfigError: an unknown setting, or a value that does not fit.
        """
        node = self.get(AUGMENTATION)
        if not isinstance(node, Mapping):
            raise ConfigError(
                f"data.augmentation is {kind(node)}: write settings, such as {{flip: true, crop: 1}}, or null for none."
            )
        if isinstance(border := node.get("crop_border"), str) and border not in BORDERS:
            raise ConfigError(unknown("data.augmentation.crop_border", border, BORDERS))
        return convert(dict(cast(Mapping[str, Any], node)), AugmentationSettings, "data.augmentation")
