"""Edits of a network, read from `model.edit`. Their modules are selected later, where the network is built."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from ablate.config.spec import TargetNode
from ablate.errors import ConfigError, kind, unknown

EDIT = "edit"
"""The key of the group."""

EDIT_KEY = f"model.{EDIT}"
"""The key in overrides. An override adds its edits to those before it, so that several factors can edit."""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """A kind of edit. The file of its name in `ablate.execute.train.editing.operations` applies it."""

    written: str
    """An example of how it is written."""
    builds: bool = False
    """Whether each selector has a node, from which a module is built."""
    is_whole: bool = False
    """Whether it changes a whole module: of two nested modules, it selects the outer one only."""


WEIGHT_NORM = "{_target_: torch.nn.utils.parametrizations.weight_norm}"

OPERATIONS: Mapping[str, Operation] = {
    "replace": Operation(written="{replace: {ReLU: GELU}}", builds=True, is_whole=True),
    "identity": Operation(written="{identity: layer4.1}", is_whole=True),
    "remove": Operation(written="{remove: layers.5}", is_whole=True),
    "freeze": Operation(written="{freeze: layer1}"),
    "reinit": Operation(written="{reinit: fc}"),
    "wrap": Operation(written=f"{{wrap: {{path: fc, with: {WEIGHT_NORM}}}}}", builds=True),
}

PLACED = ("path", "with")
"""The keys of an edit that names its selector and its node apart: `{path: fc, with: {…}}`."""


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One edit. All modules that it selects are found before any is changed."""

    operation: str
    """One of `OPERATIONS`."""
    nodes: Mapping[str, TargetNode | None]
    """Selector (a path, a glob or the name of a type) → the node to build for each module; None: nothing is built."""
    where: str
    """Its place in the configuration: `model.edit[0]`."""

    def __str__(self) -> str:
        """The edit in a line: `replace ReLU by torch.nn.GELU`."""
        word = " in" if self.operation == "wrap" else " by"
        parts = (name if node is None else f"{name}{word} {node['_target_']}" for name, node in self.nodes.items())
        return f"{self.operation} {', '.join(parts)}"

    @property
    def identity(self) -> Any:
        """The edit in a trial's id: the same for all ways of writing it."""
        if OPERATIONS[self.operation].builds:
            return {self.operation: dict(self.nodes)}
        return {self.operation: sorted(self.nodes)}


def entries(value: Any) -> list[Any]:
    """The edits of a value: a list of them, one alone, or null for none."""
    if value is None:
        return []
    return cast(list[Any], value) if isinstance(value, list) else [value]


def read_edits(value: Any) -> tuple[Edit, ...]:
    """The edits that `model.edit` states, in their order.

    Raises:
        ConfigError: an entry is not an edit; says how one is written.
    """
    return tuple(_edit(entry, f"{EDIT_KEY}[{index}]") for index, entry in enumerate(entries(value)))


def _edit(entry: Any, where: str) -> Edit:
    if not isinstance(entry, Mapping) or len(cast(Mapping[str, Any], entry)) != 1:
        raise ConfigError(
            f"{where} is {entry!r}: an entry is one edit, such as {OPERATIONS['replace'].written}. Valid: "
            f"{', '.join(OPERATIONS)}. Edits are applied in the order of the list."
        )
    ((operation, content),) = cast(Mapping[str, Any], entry).items()
    if operation not in OPERATIONS:
        raise ConfigError(unknown("edit", f"{where}.{operation}", [f"{where}.{name}" for name in OPERATIONS]))
    where, shown = f"{where}.{operation}", OPERATIONS[operation].written
    if OPERATIONS[operation].builds:
        nodes = dict(_nodes(operation, content, where))
    else:
        names = cast(list[Any], content) if isinstance(content, list) else [content]
        nodes = {_selector(name, where, shown): None for name in names}
    if not nodes:
        raise ConfigError(f"{where} selects nothing: write {shown}.")
    return Edit(operation=operation, nodes=nodes, where=where)


def _nodes(operation: str, content: Any, where: str) -> Iterator[tuple[str, TargetNode]]:
    """The selectors of an edit that builds modules, each with the node that is built."""
    shown = OPERATIONS[operation].written
    if not isinstance(content, Mapping):
        raise ConfigError(f"{where} is {content!r}: write {shown}.")
    content = cast(Mapping[str, Any], content)
    if set(content) == set(PLACED):
        selected = content["path"]
        for name in cast(list[Any], selected) if isinstance(selected, list) else [selected]:
            yield _selector(name, f"{where}.path", shown), _node(content["with"], f"{where}.with")
        return
    if operation == "wrap":
        missing = [key for key in PLACED if key not in content]
        surplus = [key for key in content if key not in PLACED]
        if surplus:
            raise ConfigError(unknown("key", f"{where}.{surplus[0]}", [f"{where}.{key}" for key in PLACED]))
        raise ConfigError(f"{where}.{missing[0]} is missing: write {shown}.")
    for name, node in content.items():
        if re.fullmatch(r"[0-9]*\.[0-9]+", name):
            raise ConfigError(
                f"{where}: the key {name} is a number to YAML, which may have lost a zero of it. Write the path as a "
                f"value: {{replace: {{path: '{name}', with: …}}}}."
            )
        yield _selector(name, where, shown), _node(node, f"{where}.{name}")


def _selector(name: Any, where: str, shown: str) -> str:
    if isinstance(name, int) and not isinstance(name, bool):
        return str(name)  # a module of a list
    if isinstance(name, float):
        raise ConfigError(f"{where}: {name} is a number to YAML. Quote the path: '{name}'.")
    if not isinstance(name, str) or not name.strip():
        raise ConfigError(
            f"{where} is {kind(name)}, {name!r}, not a module: write a path, a glob or the name of a type, as in "
            f"{shown}."
        )
    return name.strip()


def _node(node: Any, where: str) -> TargetNode:
    """The node of a module; a word alone is the name of a class, of torch.nn where it has no dot."""
    if isinstance(node, str) and node.strip():
        name = node.strip()
        return {"_target_": name if "." in name else f"torch.nn.{name}"}
    if isinstance(node, Mapping) and isinstance(cast(Mapping[str, Any], node).get("_target_"), str):
        return cast(TargetNode, node)
    raise ConfigError(
        f"{where} is {node!r}: name a class of torch.nn, such as GELU, or a node with a _target_, such as "
        '{_target_: torch.nn.GroupNorm, num_groups: 8, num_channels: "@num_features"}.'
    )
