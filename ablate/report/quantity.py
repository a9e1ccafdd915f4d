"""Counts and lengths of time as text, short enough for a table."""

from ablate.report.number import MINUS
from ablate.report.table import ABSENT


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


def counted(count: int, noun: str) -> str:
    """A count with its noun, in the plural unless there is one."""
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
