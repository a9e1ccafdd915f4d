"""Each module is taken out of the container that it is in."""

from collections.abc import Sequence

from torch import nn

from ablate.errors import ConfigError, kind
from ablate.execute.train.editing.site import Site

CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)
"""Modules that go through their parts, and name none of them."""


def apply(sites: Sequence[Site]) -> None:
    """Takes it out. A list numbers those after it anew; the others keep their names.

    Raises:
        ConfigError: one is in a module that is no container.
    """
    for site in sites:
        for path, parent, _ in site.parents:
            if not isinstance(parent, CONTAINERS):
                raise ConfigError(
                    f"{site.where}: {site.path} is in {path or 'the network itself'}, {kind(parent)}, whose forward "
                    "calls it by name. Only a module in a Sequential, a ModuleList or a ModuleDict can be removed: "
                    f"write {{identity: {site.path}}}, which passes its input through."
                )
    for site in sites:
        for _, parent, name in reversed(list(site.parents)):  # the last of a list first, which is then not renumbered
            if isinstance(parent, nn.ModuleList):
                del parent[int(name)]
            else:
                delattr(parent, name)
