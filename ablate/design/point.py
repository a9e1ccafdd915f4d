"""A design point: one setting of every factor (a cell)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ablate.config.spec import Factor

Cell = tuple[tuple[str, str], ...]


def cell(levels: Mapping[str, str]) -> Cell:
    """A key for a design point that does not depend on the order of its factors."""
    return tuple(sorted(levels.items()))


@dataclass(frozen=True, kw_only=True)
class DesignPoint:
    """One level of every factor, in the order of the study's factors."""

    levels: Mapping[str, str]

    def __str__(self) -> str:
        return ", ".join(f"{factor}={level}" for factor, level in self.levels.items())

    def overrides(self, factors: Sequence[Factor]) -> tuple[str, ...]:
        """The Hydra overrides that turn the study's settings into this point's."""
        return tuple(o for f in factors for o in f.levels[self.levels[f.name]])

    def is_baseline(self, factors: Sequence[Factor]) -> bool:
        """Whether every factor has its reference level."""
        return all(self.levels[f.name] == f.reference for f in factors)


def rows_by_cell(points: Sequence[DesignPoint]) -> dict[Cell, int]:
    """Cell → the row of its design point."""
    return {cell(point.levels): row for row, point in enumerate(points)}
