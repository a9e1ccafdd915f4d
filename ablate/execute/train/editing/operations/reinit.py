"""Draws the parameters of each module anew."""

from collections.abc import Sequence

from torch import nn

from ablate.errors import ConfigError, kind
from ablate.execute.train.editing.drawing import reset_method
from ablate.execute.train.editing.operations._base import paths
from ablate.execute.train.editing.site import Site


def apply(sites: Sequence[Site]) -> None:
    """Calls `reset_parameters` of each layer, under the stream of the layer's path.

    Raises:
        ConfigError: there are no parameters, or a module with parameters has no such method.
    """
    layers: dict[nn.Module, str] = {}
    for site in sites:
        for name, part in reversed(list(site.module.named_modules())):  # parts first, as constructors do
            path = f"{site.path}.{name}" if name else site.path
            if reset_method(part) is not None:
                layers.setdefault(part, path)
            elif any(True for _ in part.parameters(recurse=False)):
                raise ConfigError(
                    f"{site.where}: {path} is {kind(part)}, which has parameters and no reset_parameters() to draw "
                    "them anew. Name the modules in it that have, or write that method."
                )
    if not any(True for layer in layers for _ in layer.parameters(recurse=False)):
        raise ConfigError(f"{sites[0].where}: {paths(sites)} has no parameters. Leave the edit out.")
    sites[0].drawing.reset([(path, layer) for layer, path in layers.items()])
