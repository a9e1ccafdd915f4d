"""What `data=csv` says of a user's table, without torch: the shape of a row, its classes, the share of the largest."""

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from ablate.errors import ConfigError, unknown
from ablate.files import reason

TARGETS = ("classes", "values")


def inputs(root: str, target: str, columns: Sequence[str] | None, delimiter: str) -> list[int]:
    """The shape of an example of a table."""
    header, _ = _table(root, target, delimiter)
    for name in columns or ():
        if name not in header:
            raise ConfigError(unknown("data.columns", str(name), header))
    return [len(columns) if columns is not None else len(header) - 1]


def outputs(root: str, target: str, targets: str, delimiter: str) -> int:
    """The classes of a table's target, or 1 for values."""
    return len(_table(root, target, delimiter)[1]) if _are_classes(targets) else 1


def chance(root: str, target: str, targets: str, delimiter: str) -> float | None:
    """The share of the most frequent class of a table; None: its target are values."""
    if not _are_classes(targets):
        return None
    counts = _table(root, target, delimiter)[1]
    return round(max(counts.values(), default=0) / max(1, sum(counts.values())), 4)


def _are_classes(targets: str) -> bool:
    if targets not in TARGETS:
        raise ConfigError(unknown("data.targets", str(targets), TARGETS))
    return targets == "classes"


def _table(root: str, target: str, delimiter: str) -> tuple[Sequence[str], Mapping[str, int]]:
    """The names of a table's columns, and of the target's column each value with its count.

    Raises:
        ConfigError: it cannot be read, or has no such column.
    """
    file = Path(root).expanduser()
    try:
        state = file.stat()
        header, counts = _read(str(file), target, delimiter, state.st_mtime_ns, state.st_size)
    except OSError as error:
        raise ConfigError(f"data.root={root} cannot be read: {reason(error)}. Give a CSV file.") from error
    except (csv.Error, UnicodeDecodeError, TypeError) as error:
        raise ConfigError(f"data.root={root} is no CSV file with the delimiter {delimiter!r}: {error}.") from error
    if target not in header:
        said = unknown("data.target", str(target), header)
        raise ConfigError(f"{said} These are the columns of {root} with the delimiter {delimiter!r}.")
    return header, counts


@lru_cache(maxsize=16)
def _read(file: str, target: str, delimiter: str, _modified: int, _size: int) -> tuple[tuple[str, ...], Counter[str]]:
    with Path(file).open(newline="", encoding="utf-8-sig") as opened:
        rows = csv.reader(opened, delimiter=delimiter)
        header = tuple(next(rows, ()))
        if target not in header:
            return header, Counter()
        place = header.index(target)
        return header, Counter(row[place] for row in rows if len(row) > place)
