"""Hydra compose → frozen dataclasses. `spec` can be imported without Hydra; `load` is where Hydra comes in."""
