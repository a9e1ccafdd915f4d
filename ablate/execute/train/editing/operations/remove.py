"""Removes each module from its container."""

from collections.abc import Sequence

from torch import nn

from ablate.errors import ConfigError, kind
from ablate.execute.train.editing.site import Site

CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)
"""Modules whose users iterate over their parts instead of naming them."""


def apply(sites: Sequence[Site]) -> None:
    """Removes the modules. The modules of a list are numbered anew; others keep their names.

    Raises:
        ConfigError: a module is not in a container.
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
        for _, parent, name in reversed(list(site.parents)):  # from a list's end: other numbers stay valid
            if isinstance(parent, nn.ModuleList):
                del parent[int(name)]
            else:
                delattr(parent, name)
