"""Contrasts, main effects, interactions and shares of variance: each a point with its interval."""
