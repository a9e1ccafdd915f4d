"""The typed configuration of one trial: its groups, parsed once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, Self, cast

from ablate.config.data import DataGroup
from ablate.config.group import ADDED, TRAINED, Group
from ablate.config.model.group import ModelGroup
from ablate.config.objective import ObjectiveGroup
from ablate.config.trainer import TrainerGroup

GROUP_TYPES: Mapping[str, type[Group]] = {
    "data": DataGroup,
    "model": ModelGroup,
    "objective": ObjectiveGroup,
    "optimizer": Group,
    "scheduler": Group,
    "trainer": TrainerGroup,
    "logger": Group,
}
"""The groups of a trial that are read after it is planned, and what reads each."""


def make_group(name: str, content: Any) -> Group:
    """A group of a configuration, or a key that belongs to no group."""
    return GROUP_TYPES.get(name, Group)(name, content)


def trial_config(groups: Iterable[Group]) -> "TrialConfig":
    """The configuration of a design point from its composed groups: the one way from YAML to a trial.

    Raises:
        ConfigError: the trainer's settings do not fit, or an edit of the model is none.
    """
    config = TrialConfig.of(groups)
    _ = config.trainer.settings, config.model.edits  # read once here, so that no later use of them can fail
    return config


@dataclass(frozen=True, kw_only=True)
class TrialConfig:
    """A resolved configuration. Configurations are equal where their groups are.

    The trials of a design point share it, and the design points of a study share the groups in which they do not
    differ, so that what follows from a group is computed once.
    """

    data: DataGroup
    model: ModelGroup
    objective: ObjectiveGroup
    optimizer: Group
    scheduler: Group
    """Empty: the optimizer's settings stay as they are."""
    trainer: TrainerGroup
    logger: Group
    others: tuple[Group, ...] = ()
    """What a record keeps beside these: the study, the engine, and the keys that belong to no group."""

    def __getstate__(self) -> dict[str, Any]:
        """What follows from the groups is not pickled."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def of(cls, groups: Iterable[Group]) -> Self:
        """Takes its groups from composed ones. One that is absent is the same as one that is null."""
        named = {one.name: one for one in groups}
        known: dict[str, Any] = {name: named.pop(name, make_group(name, None)) for name in GROUP_TYPES}
        return cls(**known, others=tuple(named.values()))

    @classmethod
    def from_dict(cls, contents: Mapping[str, Any]) -> Self:
        """From plain containers by name, as `as_dict` gives them and a record keeps them."""
        return cls.of(make_group(name, content) for name, content in contents.items())

    def as_dict(self) -> dict[str, Any]:
        """Plain containers by name, without the groups that are null. They are shared and must not be changed."""
        groups = (*(getattr(self, name) for name in GROUP_TYPES), *self.others)
        return {one.name: one.content for one in groups if one.content is not None}

    def with_groups(self, **contents: Any) -> Self:
        """The same with another content of the named groups; None for none."""
        return replace(self, **{name: make_group(name, content) for name, content in contents.items()})

    def with_settings(self, name: str, /, **settings: Any) -> Self:
        """The same with other values of keys of one group."""
        return self.with_groups(**{name: {**getattr(self, name).mapping, **settings}})

    @property
    def trained(self) -> tuple[Group, ...]:
        """The groups that decide what the trial is, in the order of `TRAINED`."""
        return tuple(getattr(self, name) for name in TRAINED)

    @property
    def identified(self) -> tuple[Group, ...]:
        """The groups that a trial's id is a hash of: those of `trained`, without those of `ADDED` that are empty."""
        return tuple(one for one in self.trained if one.name not in ADDED or one.content)

    @property
    def identity(self) -> dict[str, Any]:
        """The part that can change a trial's result."""
        return {one.name: one.identity for one in self.identified}

    @property
    def leaves(self) -> dict[str, Any]:
        """What can change a trial's result, by dotted key."""
        return leaves(self.identity)

    @cached_property
    def stack_texts(self) -> tuple[str, ...]:
        """What trials must have in common to be stacked: a text for each group of `TRAINED`."""
        return tuple(one.stack_text for one in self.trained)

    @cached_property
    def targets(self) -> frozenset[str]:
        """Every `_target_` in the groups that decide what the trial is."""
        return frozenset[str]().union(*(one.targets for one in self.trained))


def leaves(tree: Any, prefix: str = "") -> dict[str, Any]:
    """The values of plain nested mappings, by dotted key."""
    if not isinstance(tree, Mapping):
        return {prefix.rstrip("."): tree}
    found: dict[str, Any] = {}
    for name, branch in cast(Mapping[Any, Any], tree).items():
        found |= leaves(branch, f"{prefix}{name}.")
    return found
