"""A design point: one setting of every factor (a cell)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ablate.config.spec import Factor


@dataclass(frozen=True, kw_only=True)
class DesignPoint:
    """One level of every factor, in the order of the study's factors."""

    levels: Mapping[str, str]

    def overrides(self, factors: Sequence[Factor]) -> tuple[str, ...]:
        """The Hydra overrides that turn the study's settings into this point's."""
        return tuple(o for f in factors for o in f.levels[self.levels[f.name]])

    def is_baseline(self, factors: Sequence[Factor]) -> bool:
        """Whether every factor has its reference level."""
        return all(self.levels[f.name] == f.reference for f in factors)
