"""Another module in the place of each, in the same mode."""

from collections.abc import Sequence

from ablate.execute.train.editing.operations._base import module
from ablate.execute.train.editing.site import Site


def apply(sites: Sequence[Site]) -> None:
    """Builds it, drawn by the seed and its place."""
    for site in sites:
        made = site.drawing.build(site.built, site.path)
        site.put(module(made, site).train(site.module.training))
