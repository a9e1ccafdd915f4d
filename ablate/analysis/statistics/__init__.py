"""Distributions, tests and intervals: arrays in, numbers out, tested against published values. Knows no study."""
