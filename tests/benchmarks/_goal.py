"""A goal of speed, and what was measured of it."""

import statistics
from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True)
class Goal:
    """What is timed, against what, and one value a repetition: a ratio, or a time."""

    name: str
    against: str
    bound: float | None
    """None: there is no goal, and the row is there for comparison."""
    best: Literal["least", "most"]
    """least: the bound is an upper one."""
    values: tuple[float, ...]
    """Empty: not measured, and `note` says why."""
    unit: Literal["×", "s", " ms"] = "×"
    note: str = ""

    @property
    def passes(self) -> bool:
        """Whether the median keeps the bound."""
        assert self.bound is not None
        middle = statistics.median(self.values)
        return middle <= self.bound if self.best == "least" else middle >= self.bound

    @property
    def cells(self) -> tuple[str, ...]:
        """As a row of a table: goal, against, bound, measured, spread, repetitions, outcome, note."""
        bound = "–" if self.bound is None else f"{'≤' if self.best == 'least' else '≥'} {self.bound:g}{self.unit}"
        if not self.values:
            return (self.name, self.against, bound, "–", "–", "0", "not measured", self.note)
        digits = 3 if self.unit == "×" and self.bound is not None and self.bound < 2 else 2
        low, middle, high = (f"{f(self.values):.{digits}f}" for f in (min, statistics.median, max))
        spread = f"{low} to {high}" if len(self.values) > 1 else "–"
        outcome = "–" if self.bound is None else "pass" if self.passes else "short"
        return (self.name, self.against, bound, middle + self.unit, spread, str(len(self.values)), outcome, self.note)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)
