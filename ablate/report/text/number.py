"""Numbers as text: as many digits as their intervals carry, the same number of decimals down a column."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ablate.analysis.summary import Interval, Proportion
from ablate.report.text.table import ABSENT

MINUS = "−"
PAD = "\u2007"
"""A space as wide as a digit (U+2007): lines numbers up where the type is fixed, and is dropped elsewhere."""
NO_BREAK = "\u00a0"
METHODS = {"t": "t", "clopper-pearson": "Clopper–Pearson", "welch": "Welch"}

_MAX_DECIMALS = 10
_MAX_FIXED = 1e7
_MIN_FIXED = 1e-5
"""Where all numbers of a column are smaller, they are written with an exponent."""
_SIGNIFICANT_DIGITS = 4
"""Of numbers that have no interval."""


@dataclass(frozen=True, kw_only=True)
class Digits:
    """How the numbers of one column are written.

    `decimals` are those of the mantissa where `exponent` is set. `width` pads every number to one length.
    """

    decimals: int
    exponent: bool = False
    signed: bool = False
    width: int = 0

    @classmethod
    def fitting(cls, numbers: Iterable[float | None], intervals: Iterable[Interval | None] = ()) -> "Digits":
        """The digits that a column deserves: two significant digits of the median interval's half-width.

        An interval much narrower than the median gets one, so that it does not look like a point, and a bound
        near zero gets one, so that its sign is seen; both within reason.
        Source: at most two significant digits of an uncertainty, JCGM 100:2008, 7.2.6.

        Args:
            numbers: decide where there is no interval, and on fixed or scientific notation.
            intervals: of the column; those without bounds count for nothing.
        """
        largest = max((abs(x) for x in numbers if x is not None and math.isfinite(x)), default=0.0)
        bounded = [i for i in intervals if i is not None and _half_width(i) > 0]
        printed = [abs(x) for i in bounded for x in (i.low, i.high) if x is not None and math.isfinite(x)]
        halves = sorted(map(_half_width, bounded))
        if halves:
            typical = _places(halves[len(halves) // 2], 2)
            nearest = min(abs(x) for i in bounded for x in (i.low, i.high) if x)
            decimals = max(typical, min(_places(halves[0], 1), typical + 2), min(_places(nearest, 1), typical + 1))
        else:
            decimals = _places(largest, _SIGNIFICANT_DIGITS) if largest > 0 else 0
        if largest >= _MAX_FIXED or (largest > 0 and max([largest, *printed]) < _MIN_FIXED):
            magnitude = math.floor(math.log10(max([largest, *printed])))
            return cls(decimals=min(max(magnitude + decimals, 2), _MAX_DECIMALS), exponent=True)
        return cls(decimals=min(max(decimals, 0), _MAX_DECIMALS))

    def as_difference(self) -> "Digits":
        """The same digits with the sign always written."""
        return replace(self, signed=True, width=0)

    def padded(self, numbers: Iterable[float | None]) -> "Digits":
        """The same digits, as wide as the longest of the numbers."""
        bare = replace(self, width=0)
        return replace(self, width=max((len(bare.number(x)) for x in numbers if x is not None), default=0))

    def number(self, value: float | None) -> str:
        """One number; a zero has no sign."""
        if value is None:
            return ABSENT
        if math.isfinite(value):
            text = f"{value:+.{self.decimals}{'e' if self.exponent else 'f'}}"
            if float(text) == 0 or (text[0] == "+" and not self.signed):
                text = text[1:]
        else:
            text = f"{value:+}" if self.signed else f"{value}"
        return text.replace("-", MINUS).rjust(self.width, PAD)

    def several(self, values: Sequence[float]) -> str:
        """A few numbers in a row."""
        return ", ".join(map(self.number, values))

    def interval(self, interval: Interval | None) -> str:
        """The point and its bounds, or the point alone."""
        if interval is None:
            return ABSENT
        if interval.low is None or interval.high is None:
            return self.number(interval.value)
        return f"{self.number(interval.value)} [{self.number(interval.low)}, {self.number(interval.high)}]"

    def named(self, interval: Interval) -> str:
        """The same for a sentence, where no heading says what the interval is."""
        text, name = self.interval(interval).replace(" ", NO_BREAK), interval_name([interval])
        return f"{text} ({name})" if name else text


def interval_name(intervals: Iterable[Interval | None]) -> str:
    """What the intervals are, such as `95% t interval`; empty where none has bounds."""
    found = {(i.level, i.method): None for i in intervals if i is not None and i.low is not None}
    return " or ".join(f"{100 * level:.4g}% {METHODS.get(method, method)} interval" for level, method in found)


def with_interval(quantity: str, intervals: Iterable[Interval | None]) -> str:
    """A heading that names the interval beside its point; a short name does not break over lines."""
    name = interval_name(intervals)
    if not name:
        return quantity
    return f"{quantity} [{name.replace(' ', NO_BREAK) if len(name) < 20 else name}]"


def bounds(intervals: Iterable[Interval | None]) -> list[float | None]:
    """Every number that the intervals print."""
    return [x for i in intervals if i is not None for x in (i.value, i.low, i.high)]


def probability(p: float | None) -> str:
    """A p to four decimals."""
    if p is None:
        return ABSENT
    return "<0.0001" if p < 0.0001 else f"{p:.4f}"


def proportion(share: Proportion) -> str:
    """k/n and the interval of their ratio."""
    interval = share.interval
    if interval is None or interval.low is None or interval.high is None:
        return f"{share.k}/{share.n}"
    return f"{share.k}/{share.n} [{interval.low:.2f}, {interval.high:.2f}]"


def _half_width(interval: Interval) -> float:
    if interval.low is None or interval.high is None:
        return 0.0
    width = (interval.high - interval.low) / 2
    return width if math.isfinite(width) else 0.0


def _places(size: float, significant: int) -> int:
    return significant - 1 - math.floor(math.log10(size))
