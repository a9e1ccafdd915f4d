"""What a difference is averaged over, and what the average may hide."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

AVERAGED = "averaged over"
"""The qualifier of a difference that is a mean over other factors' settings."""
MAX_NAMED_FACTORS = 3
"""Factors that are named where they are averaged over; more are counted by their settings only."""
LARGE, MOST_DECIMALS = 1e7, 8
"""From where on numbers are written with an exponent."""


@dataclass(frozen=True, kw_only=True)
class SimpleEffect:
    """The effect that a claim is about at one setting of the factors that it is averaged over."""

    at: Mapping[str, str]
    value: float
    """The mean difference, on the claim's scale."""


@dataclass(frozen=True, kw_only=True)
class Averaged:
    """What a claim's difference is averaged over, and what the average may hide."""

    factors: tuple[str, ...]
    """Those that the claim neither compares nor holds."""
    settings: int
    """Of these factors."""
    lowest: SimpleEffect | None
    """None in a fraction, where no two points differ in one factor alone."""
    highest: SimpleEffect | None
    cells: int
    """Design points that the difference rests on."""
    at_floor: int | None
    """Cells whose 95% interval reaches the trivial predictor's score; None where that is not known."""
    at_ceiling: int | None
    """Cells whose 95% interval reaches the best value that the response can have; None where it has none."""

    @property
    def range(self) -> str:
        """From the lowest effect to the highest, to three significant digits of the larger; empty where not known."""
        if self.lowest is None or self.highest is None:
            return ""
        low, high = self.lowest.value, self.highest.value
        largest = max(abs(low), abs(high))
        decimals = max(0, 2 - math.floor(math.log10(largest))) if largest > 0 else 0
        digits = ".2e" if largest >= LARGE or decimals > MOST_DECIMALS else f".{decimals}f"
        return " to ".join(_signed(f"{end:+{digits}}") for end in (low, high))

    @property
    def text(self) -> str:
        """All of it, in a clause."""
        of = f" of {', '.join(self.factors)}" if len(self.factors) <= MAX_NAMED_FACTORS else ""
        text = f"{self.settings} settings{of}{f', effects {self.range}' if self.range else ''}"
        ends = {"floor": self.at_floor, "ceiling": self.at_ceiling}
        counts = [f"{count} at the {end}" for end, count in ends.items() if count is not None]
        return f"{text}; of {self.cells} cells {', '.join(counts)}" if counts else text


def _signed(text: str) -> str:
    """A number with its sign, a true minus, and none before a zero."""
    return (text[1:] if float(text) == 0 else text).replace("-", "−")
