"""Wraps each module in another one."""

from collections.abc import Sequence

from ablate.errors import ConfigError
from ablate.execute.targets.target import error_text
from ablate.execute.train.editing.operations._base import module
from ablate.execute.train.editing.site import Site


def apply(sites: Sequence[Site]) -> None:
    """Calls a class or function with the module as the first argument, and puts the result in its place.

    Raises:
        ConfigError: the call fails.
    """
    for site in reversed(sites):  # inner modules first
        call = site.built(_partial_=True)
        site.drawing.begin(f"{site.path}.(wrap)")
        try:
            made = call(site.module)
        except Exception as error:
            target = site.node["_target_"] if site.node else ""
            raise ConfigError(f"{site.where}: {target} failed on {site.path}: {error_text(error)}") from error
        site.put(module(made, site))
