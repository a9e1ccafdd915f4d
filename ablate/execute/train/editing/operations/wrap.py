"""Each module becomes a part of another one."""

from collections.abc import Sequence

from ablate.errors import ConfigError
from ablate.execute.targets.target import error_text
from ablate.execute.train.editing.operations._base import module
from ablate.execute.train.editing.site import Site


def apply(sites: Sequence[Site]) -> None:
    """Calls a class or function with it as the first argument, and puts what that gives in its place.

    Raises:
        ConfigError: the call fails.
    """
    for site in reversed(sites):  # a module within another of them first
        call = site.built(_partial_=True)
        site.drawing.begin(f"{site.path}.(wrap)")
        try:
            made = call(site.module)
        except Exception as error:
            target = site.node["_target_"] if site.node else ""
            raise ConfigError(f"{site.where}: {target} failed on {site.path}: {error_text(error)}") from error
        site.put(module(made, site))
