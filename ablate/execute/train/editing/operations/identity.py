"""Puts an identity in the place of each module."""

from collections.abc import Sequence

from ablate.execute.train.editing.identity import Identity
from ablate.execute.train.editing.site import Site


def apply(sites: Sequence[Site]) -> None:
    """Puts an identity in the place of each module, in the same mode."""
    for site in sites:
        site.put(Identity().train(site.module.training))
