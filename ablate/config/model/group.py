"""The `model` group of a trial's configuration."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from ablate.config.group import Group
from ablate.config.model.edit import EDIT, Edit, read_edits


class ModelGroup(Group):
    """The `model` group: the node that builds the network, and the edits of the built network."""

    @cached_property
    def edits(self) -> tuple[Edit, ...]:
        """The edits, in the order in which they are applied.

        Raises:
            ConfigError: an entry is not an edit; says how one is written.
        """
        return read_edits(self.get(EDIT))

    @cached_property
    def node(self) -> Mapping[str, Any] | None:
        """The node that the network is built from: all but the edits. None where there is no model."""
        return self.without(EDIT).content if EDIT in self else self.content

    @cached_property
    def identity(self) -> Any:
        """As of any group. All ways of writing an edit are the same; an empty list of edits is the same as none."""
        if EDIT not in self:
            return super().identity
        edits = {EDIT: [edit.identity for edit in self.edits]} if self.edits else {}
        return {**self.without(EDIT).identity, **edits}

    @cached_property
    def targets(self) -> frozenset[str]:
        """Every `_target_` in it, those of edits included, which may be written as a word: `GELU`."""
        edited = (Group("node", node) for edit in self.edits for node in edit.nodes.values())
        return frozenset[str]().union(super().targets, *(one.targets for one in edited))
