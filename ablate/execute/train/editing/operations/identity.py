"""What enters each module passes through it unchanged."""

from collections.abc import Sequence

from ablate.execute.train.editing.identity import Identity
from ablate.execute.train.editing.site import Site


def apply(sites: Sequence[Site]) -> None:
    """Puts an identity into each place."""
    for site in sites:
        site.put(Identity().train(site.module.training))
