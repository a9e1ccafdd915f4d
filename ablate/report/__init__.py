"""Renders what `analysis` has estimated and computes no estimate. The only room that imports rich."""
