"""The layout of a study: its design points and their alias structure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ablate.config.spec import Factor
from ablate.design.point import DesignPoint


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The design points of a study, in order, with their alias structure and notes for the reader."""

    factors: tuple[Factor, ...]
    """The study's factors, with the levels that occur in the points."""
    points: tuple[DesignPoint, ...]
    generators: tuple[str, ...] = ()
    """Which factor follows from which: `e = −a·b·c·d`. The reference level counts as −1, the other as +1."""
    words: tuple[str, ...] = ()
    """The shortest words of the defining relation: `I = −a·b·c·d·e`."""
    aliases: tuple[str, ...] = ()
    """Effects that share one column and cannot be told apart, lowest orders only: `a = −b·c`."""
    resolution: int | None = None
    """Length of the shortest word; None where no effect is aliased by the design itself."""
    notes: tuple[str, ...] = ()

    @property
    def confounding(self) -> tuple[str, ...]:
        """The alias structure in sentences; empty for a design without aliases."""
        parts = {"Generators": self.generators, "Defining words": self.words, "Aliases": self.aliases}
        return tuple(f"{name}: {'; '.join(lines)}." for name, lines in parts.items() if lines)

    @property
    def empty_cells(self) -> int:
        """The number of combinations of the occurring levels that are not design points."""
        return math.prod(len(f.levels) for f in self.factors) - len(self.points)

    def settings(self, factor: str, *levels: str) -> tuple[Mapping[str, str], ...]:
        """The settings of the other factors at which the factor occurs with all of these levels."""
        found: dict[tuple[str, ...], dict[str, str]] = {}
        seen: dict[tuple[str, ...], set[str]] = {}
        for point in self.points:
            held = {name: level for name, level in point.levels.items() if name != factor}
            key = tuple(held.values())
            found[key] = held
            seen.setdefault(key, set()).add(point.levels[factor])
        return tuple(held for key, held in found.items() if seen[key].issuperset(levels))
