"""The interface of an operation, and how its file is found."""

from collections.abc import Sequence
from importlib import import_module
from typing import Protocol, cast

from torch import nn

from ablate.errors import ModelError, kind
from ablate.execute.train.editing.site import Site


class Apply(Protocol):
    """The function `apply` of an operation's file."""

    def __call__(self, sites: Sequence[Site], /) -> None:
        """Changes the modules that one edit selects, and no other.

        Args:
            sites: one or more, in the network's order for each selector; all were found before any is changed.

        Raises:
            ConfigError, ModelError: it cannot be done, or would change nothing.
        """
        ...


def operation(name: str) -> Apply:
    """The function of an operation."""
    return cast(Apply, import_module(f"{__name__.rpartition('.')[0]}.{name}").apply)


def module(made: object, site: Site) -> nn.Module:
    """What was built for a site, as a module.

    Raises:
        ModelError: it is not a torch.nn.Module.
    """
    if isinstance(made, nn.Module):
        return made
    target = site.node["_target_"] if site.node else ""
    raise ModelError(f"{site.where}: {target} gives {kind(made)}, not a torch.nn.Module.")


def paths(sites: Sequence[Site]) -> str:
    """The paths of the first three, for a message."""
    return ", ".join(site.path for site in sites[:3]) + (", …" if len(sites) > 3 else "")
