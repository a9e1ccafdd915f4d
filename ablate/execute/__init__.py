"""Turns bundles into Lightning fits: the only room that imports Lightning."""
