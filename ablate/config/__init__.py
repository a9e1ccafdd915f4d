"""Hydra compose → frozen dataclasses: the only room that reads Hydra's objects. `spec` is imported without Hydra."""
