"""Freezes the parameters of each module."""

from collections.abc import Sequence

from ablate.errors import ConfigError
from ablate.execute.train.editing.operations._base import paths
from ablate.execute.train.editing.site import Site


def apply(sites: Sequence[Site]) -> None:
    """Freezes the parameters. Running statistics of a norm are updated still.

    Raises:
        ConfigError: no module has a parameter that is trained.
    """
    parameters = [p for site in sites for p in site.module.parameters() if p.requires_grad]
    if not parameters:
        raise ConfigError(f"{sites[0].where}: {paths(sites)} has no parameter that trains. Leave the edit out.")
    for parameter in parameters:
        parameter.requires_grad_(False)
