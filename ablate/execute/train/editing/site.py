"""A module that an edit selects, its place in the network, and the node to build for it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from torch import Tensor, nn

from ablate.config.spec import TargetNode
from ablate.errors import ConfigError, kind, unknown
from ablate.execute.targets.target import build
from ablate.execute.train.editing.drawing import Drawing

REFERENCE = "@"
"""The first character of a value that is an attribute of the edited module: `@num_features`."""

Plain = bool | int | float | str | None


@dataclass(frozen=True, kw_only=True)
class Site:
    """One module of a network that an edit selects."""

    network: nn.Module
    path: str
    module: nn.Module
    node: TargetNode | None
    """The node to build for it; None: nothing is built."""
    where: str
    """The key of the configuration, for messages."""
    drawing: Drawing

    @property
    def parents(self) -> Iterator[tuple[str, nn.Module, str]]:
        """The modules that hold it, of which there may be several: path, module, and its name in that module."""
        seen: set[tuple[nn.Module, str]] = set()
        for place, part in list(self.network.named_modules(remove_duplicate=False)):
            path, _, name = place.rpartition(".")
            if part is self.module and (held := (self.network.get_submodule(path), name)) not in seen:
                seen.add(held)
                yield path, *held

    def put(self, module: nn.Module) -> None:
        """Puts another module into its place, in every module that holds it."""
        for _, parent, name in list(self.parents):
            parent.add_module(name, module)

    def built(self, **more: Any) -> Any:
        """Builds its node, with the values of attributes for those that begin with @. `more`: further keys of the node.

        Raises:
            ConfigError: it cannot be built, or the module has no such attribute.
        """
        assert self.node is not None
        node = {**cast(Mapping[str, Any], self._with_values(self.node, self.where)), **more}
        return build(node, self.where)

    def _with_values(self, node: Any, where: str) -> Any:
        if isinstance(node, Mapping):
            items = cast(Mapping[str, Any], node).items()
            return {key: self._with_values(value, f"{where}.{key}") for key, value in items}
        if isinstance(node, list):
            return [self._with_values(value, f"{where}[{n}]") for n, value in enumerate(cast(list[Any], node))]
        if isinstance(node, str) and node.startswith(REFERENCE):
            return self._attribute(node.removeprefix(REFERENCE), where)
        return node

    def _attribute(self, name: str, where: str) -> Any:
        """The value of an attribute of the module; a dotted name goes on to attributes of that value.

        Raises:
            ConfigError: there is no such attribute, or it is not a plain value.
        """
        value: Any = self.module
        for part in name.split("."):
            if not part or not hasattr(value, part):
                valid = _plain_attributes(value)
                at = f"{where}: " + unknown(f"attribute of {self.path}, {kind(self.module)},", name, valid)
                raise ConfigError(at)
            value = getattr(value, part)
        if not _is_plain(value):
            what = "a tensor" if isinstance(value, Tensor) else kind(value)
            raise ConfigError(
                f"{where}: {REFERENCE}{name} of {self.path} is {what}: an edit takes settings. Valid: "
                f"{', '.join(_plain_attributes(self.module))}."
            )
        return list(cast(Sequence[Any], value)) if isinstance(value, tuple) else value


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(_is_plain(item) for item in cast(Sequence[Any], value))
    return value is None or isinstance(value, bool | int | float | str)


def _plain_attributes(value: Any) -> list[str]:
    """The names of a module's attributes that are plain values."""
    return sorted(k for k, v in vars(value).items() if not k.startswith("_") and _is_plain(v)) if value else []
