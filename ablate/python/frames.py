"""Rows of results as pandas data frames."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pandas import DataFrame


def frame(
    rows: Sequence[Mapping[str, Any]], *, columns: Sequence[str] = (), numbers: Sequence[str] = ()
) -> "DataFrame":
    """Rows as a frame.

    Args:
        rows: Each with the same columns.
        columns: The columns of a frame without rows.
        numbers: Columns of text to convert to numbers, where every value is a number.
    """
    import pandas

    made = pandas.DataFrame(list(rows)) if rows else pandas.DataFrame(columns=list(columns))
    for name in numbers:
        if name in made:
            try:
                made[name] = pandas.to_numeric(made[name])
            except (ValueError, TypeError):
                continue
    return made
