"""Turns bundles into Lightning fits: the only room that imports Lightning."""

from ablate.execute.deferred import defer

defer()
