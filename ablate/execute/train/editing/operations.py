"""What an edit does to the modules that it selects: a function for each operation."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import nn

from ablate.errors import ConfigError, ModelError, kind
from ablate.execute.targets.target import error_text
from ablate.execute.train.editing.drawing import reset_method
from ablate.execute.train.editing.identity import Identity
from ablate.execute.train.editing.site import Site

CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)
"""Modules whose parts nobody need name: one may be taken out."""


def replace(sites: Sequence[Site]) -> None:
    """Builds another module in the place of each, in the same mode."""
    for site in sites:
        made = site.drawing.build(site.built, site.path)
        site.put(_module(made, site).train(site.module.training))


def identity(sites: Sequence[Site]) -> None:
    """Lets what enters each pass through it unchanged."""
    for site in sites:
        site.put(Identity().train(site.module.training))


def remove(sites: Sequence[Site]) -> None:
    """Takes each out of the container that it is in. A list numbers those after it anew.

    Raises:
        ConfigError: it is in a module that is no container.
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
        for _, parent, name in reversed(list(site.parents)):  # a list numbers those after it anew
            if isinstance(parent, nn.ModuleList):
                del parent[int(name)]
            else:
                delattr(parent, name)


def freeze(sites: Sequence[Site]) -> None:
    """Keeps the parameters of each as they start. What a norm counts in training goes on.

    Raises:
        ConfigError: none of them has a parameter that trains.
    """
    parameters = [p for site in sites for p in site.module.parameters() if p.requires_grad]
    if not parameters:
        raise ConfigError(f"{sites[0].where}: {_names(sites)} has no parameter that trains. Leave the edit out.")
    for parameter in parameters:
        parameter.requires_grad_(False)


def reinit(sites: Sequence[Site]) -> None:
    """Draws the parameters of each anew, by the `reset_parameters` of each layer in it.

    Raises:
        ConfigError: there are none, or a module with parameters has no such method.
    """
    layers: dict[nn.Module, str] = {}
    for site in sites:
        for name, part in reversed(list(site.module.named_modules())):  # parts first, as constructors do
            has_parameters = any(True for _ in part.parameters(recurse=False))
            path = f"{site.path}.{name}" if name else site.path
            if reset_method(part) is not None:
                layers.setdefault(part, path)
            elif has_parameters:
                raise ConfigError(
                    f"{site.where}: {path} is {kind(part)}, which has parameters and no reset_parameters() to draw "
                    "them anew. Name the modules in it that have, or write that method."
                )
    if not any(True for layer in layers for _ in layer.parameters(recurse=False)):
        raise ConfigError(f"{sites[0].where}: {_names(sites)} has no parameters. Leave the edit out.")
    sites[0].drawing.reset([(path, layer) for layer, path in layers.items()])


def wrap(sites: Sequence[Site]) -> None:
    """Calls a class or function with each module as its first argument, and puts what it gives in the place."""
    for site in reversed(sites):  # a module within another of them first
        call = site.built(_partial_=True)
        site.drawing.begin(f"{site.path}.(wrap)")
        try:
            made = call(site.module)
        except Exception as error:
            target = site.node["_target_"] if site.node else ""
            raise ConfigError(f"{site.where}: {target} failed on {site.path}: {error_text(error)}") from error
        site.put(_module(made, site))


APPLY: Mapping[str, Callable[[Sequence[Site]], None]] = {
    "replace": replace,
    "identity": identity,
    "remove": remove,
    "freeze": freeze,
    "reinit": reinit,
    "wrap": wrap,
}
"""Operation, as in `ablate.config.model.edit.OPERATIONS`, → what it does to the modules that one edit selects."""

NOT_NESTED = ("replace", "identity", "remove")
"""Operations that change a module whole: of one within another, only the outer one."""


def _module(made: Any, site: Site) -> nn.Module:
    if isinstance(made, nn.Module):
        return made
    target = site.node["_target_"] if site.node else ""
    raise ModelError(f"{site.where}: {target} gives {kind(made)}, not a torch.nn.Module.")


def _names(sites: Sequence[Site]) -> str:
    return ", ".join(site.path for site in sites[:3]) + (", …" if len(sites) > 3 else "")
