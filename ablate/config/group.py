"""One group of a trial's configuration, such as its model: its content, its canonical text and its identity."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self, cast

from ablate.config.augmentation import AUGMENTATION, switched_on
from ablate.config.canonical_text import canonical_text, identity_text
from ablate.config.devices import device_count
from ablate.config.diagnostic import EXAMPLES

TRAINED = ("data", "model", "objective", "optimizer", "scheduler", "trainer")
"""The config groups that decide what a trial is. Engine, logger and paths do not."""

OPTION_WITHOUT_EFFECT = {"objective": "none", "optimizer": "none", "scheduler": "constant"}
"""What a LightningModule has of its own → the option of that group that adds nothing."""

ADDED = frozenset({"scheduler"})
"""Groups of `TRAINED` that came later: an empty one is left out of a trial's identity, as before it existed."""

OMITTED_KEYS: Mapping[str, frozenset[str]] = {
    "data": frozenset({"root", "download", "chance", "resident_gib", "workers"}),
    "objective": frozenset({"responses"}),
    "trainer": frozenset(
        {"accelerator", "devices", "diagnostics", "channels_last", "compile", "timeout_min", "memory_gb"}
    ),
}
"""Keys that are left out of a trial's identity: where its data lie, what trains it, how it is analysed."""

LOCATED = ("ablate.data.csv", "ablate.data.image_folder")
"""Data sets that are what lies under their `root`: it stays in a trial's identity."""

OMITTED_VALUES: Mapping[str, Mapping[str, Any]] = {
    "data": {
        "tested_on": "unseen",
        "input_sd": 1.0,
        "target_scale": 1.0,
        "target_floor": None,
        "shortest": None,
        "masked": False,
    },
    "model": {
        "init_gain": 1.0,
        "output_bias": None,
        "frozen_layers": False,
        "score_bias": False,
        "masked": False,
    },
    "optimizer": {"weight_decay_on": "all"},
    "trainer": {
        "matmul_precision": "highest",
        "max_steps": None,
        "ema_decay": None,
        "patience": None,
        "callbacks": {},
        "stacked": True,
        "diagnostic_examples": EXAMPLES,
    },
}
"""Values that are left out of a trial's identity: what trials had before the key existed."""

LOOKED_UP = "hydra.utils.get_"
"""What a `_target_` begins with whose `path` is handed over as a class or function, without a call."""

STACKED: Mapping[str, frozenset[str]] = {
    "model": frozenset({"init", "init_gain", "bias_value", "bias_sd", "fan_area", "zero_init_residual", "dropout"}),
    "objective.loss": frozenset({"label_smoothing"}),
    "optimizer": frozenset(
        {"lr", "weight_decay", "momentum", "dampening", "nesterov", "betas", "eps", "alpha", "amsgrad", "lr_decay"}
    ),
    "trainer": frozenset({"gradient_clip_norm", "max_loss"}),
}
"""Keys in which the members of a stack may differ: how a network starts, and numbers that a step takes.

Whether a user-defined model means by them what the shipped ones mean is checked where a stack is made."""


@dataclass(frozen=True, eq=False)
class Group:
    """One group of a resolved configuration. Groups are equal where their texts are.

    `content` is plain containers, or None where the configuration has no such group. Configurations share groups: the
    content must not be changed.
    """

    name: str
    content: Any = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Group) and self.name == other.name and self.text == other.text

    def __hash__(self) -> int:
        return hash((self.name, self.text))

    def __getstate__(self) -> dict[str, Any]:
        """What follows from the content is not pickled."""
        return {"name": self.name, "content": self.content}

    def __contains__(self, key: str) -> bool:
        return key in self.mapping

    def __getitem__(self, key: str) -> Any:
        return self.mapping[key]

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key, or the default where it is absent."""
        return self.mapping.get(key, default)

    def without(self, *keys: str) -> Self:
        """The same group but for some of its keys."""
        return type(self)(self.name, {key: value for key, value in self.mapping.items() if key not in keys})

    @property
    def mapping(self) -> Mapping[str, Any]:
        """The content, or an empty mapping where it is none."""
        return cast(Mapping[str, Any], self.content) if isinstance(self.content, Mapping) else {}

    @cached_property
    def text(self) -> str:
        """The canonical text of the content."""
        return canonical_text(self.content)

    @cached_property
    def identity(self) -> Any:
        """The part of the content that can change a trial's result."""
        if not isinstance(self.content, Mapping):
            return self.content
        keys, values = OMITTED_KEYS.get(self.name, frozenset[str]()), OMITTED_VALUES.get(self.name, {})
        keys = keys - {"root"} if self.name == "data" and self.get("_target_") in LOCATED else keys
        items = self.mapping.items()
        kept = {k: v for k, v in items if k not in keys and not (k in values and v == values[k])}
        if self.name == "trainer" and (count := device_count(self.get("devices", 1))) > 1:
            kept["devices"] = count  # each takes minibatches of its own: it is another training
        # Settings that are off are left out, too, so that trials from before there were any keep their ids.
        if self.name == "data" and (augmentation := switched_on(kept.pop(AUGMENTATION, None))) is not None:
            kept[AUGMENTATION] = augmentation
        return kept

    @cached_property
    def identity_text(self) -> str:
        """The text of `identity` that a trial's id is a hash of.

        Raises:
            ConfigError: as `ablate.config.canonical_text.identity_text`.
        """
        return identity_text(self.identity, self.name)

    @cached_property
    def stack_text(self) -> str:
        """What trials must have in common in this group to be stacked, as canonical text."""
        if self.name == "scheduler":  # each member follows its own
            return ""
        return canonical_text(_without_stacked(self.identity, self.name))

    @cached_property
    def targets(self) -> frozenset[str]:
        """Every `_target_` in it, and what those of them name that only look a class or function up."""
        return frozenset(_targets(self.content))


def _without_stacked(node: Any, where: str) -> Any:
    """The content without the keys in which the members of a stack may differ."""
    if not isinstance(node, Mapping):
        return node
    stacked = STACKED.get(where, frozenset[str]())
    items = cast(Mapping[str, Any], node).items()
    return {str(k): _without_stacked(v, f"{where}.{k}".lstrip(".")) for k, v in items if k not in stacked}


def _targets(tree: Any) -> Iterator[str]:
    if isinstance(tree, Mapping):
        node = cast(Mapping[str, Any], tree)
        if isinstance(target := node.get("_target_"), str):
            yield target
            if target.startswith(LOOKED_UP) and isinstance(path := node.get("path"), str):
                yield path
        for branch in node.values():
            yield from _targets(branch)
    elif isinstance(tree, list):
        for branch in cast(list[Any], tree):
            yield from _targets(branch)
