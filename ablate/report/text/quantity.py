"""Counts and lengths of time as text, short enough for a table."""

from collections.abc import Mapping, Sequence

from ablate.report.text.number import MINUS, Digits
from ablate.report.text.table import ABSENT


def compact(count: int | None) -> str:
    """A count to three significant digits, such as `1.23M`."""
    if count is None:
        return ABSENT
    if abs(count) < 1000:
        return str(count).replace("-", MINUS)
    scaled, suffixes = count / 1000, "kMGTPE"
    while abs(scaled) >= 999.5 and len(suffixes) > 1:
        scaled, suffixes = scaled / 1000, suffixes[1:]
    decimals = 2 if abs(scaled) < 9.995 else 1 if abs(scaled) < 99.95 else 0
    return f"{scaled:.{decimals}f}{suffixes[0]}".replace("-", MINUS)


BYTES = {"B": 1.0, "KiB": 2.0**10, "MiB": 2.0**20, "GiB": 2.0**30}
SECONDS = {"µs": 1e-6, "ms": 1e-3, "s": 1.0}


def in_one_unit(values: Sequence[float | None], units: Mapping[str, float]) -> tuple[str, list[str]]:
    """A column in the unit that suits its median, with three significant digits there.

    Args:
        values: in the base unit.
        units: such as `BYTES`: name → size, the smallest first.

    Returns:
        The unit, and the cells.
    """
    known = sorted(value for value in values if value is not None)
    median = known[len(known) // 2] if known else 0.0
    unit = max(
        (name for name, size in units.items() if size <= median), key=units.__getitem__, default=next(iter(units))
    )
    typical = median / units[unit]
    decimals = 0 if unit == "B" or typical >= 100 else 1 if typical >= 10 else 2
    digits = Digits(decimals=decimals)
    return unit, [digits.number(None if value is None else value / units[unit]) for value in values]


def counted(count: int, noun: str) -> str:
    """A count with its noun, in the plural unless it is 1."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def duration(seconds: float | None) -> str:
    """A length of time in the unit that suits it."""
    if seconds is None:
        return ABSENT
    for unit, length, until in (("s", 1, 99.5), ("min", 60, 99.5 * 60), ("h", 3600, 48 * 3600)):
        if seconds < until:
            number = seconds / length
            return f"{number:.1f} {unit}" if number < 9.95 else f"{number:.0f} {unit}"
    return f"{seconds / 86400:.1f} d"
