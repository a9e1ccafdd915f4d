"""Puts another module in the place of each."""

from collections.abc import Sequence

from ablate.execute.train.editing.operations._base import module
from ablate.execute.train.editing.site import Site


def apply(sites: Sequence[Site]) -> None:
    """Builds each module under the streams of its path, and sets the mode of the module that it replaces."""
    for site in sites:
        made = site.drawing.build(site.built, site.path)
        site.put(module(made, site).train(site.module.training))
