"""Rows of results as frames of pandas."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pandas import DataFrame


def frame(
    rows: Sequence[Mapping[str, Any]], *, columns: Sequence[str] = (), numbers: Sequence[str] = ()
) -> "DataFrame":
    """Rows as a frame.

    Args:
        rows: Each with the same columns.
        columns: Those where there is no row.
        numbers: Columns of text that become numbers, where all of their values are some.
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


def curves(path: Path, levels: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """One row for each trial of a study and epoch, in the order of the design.

    Raises:
        StoreError: there is no study, or it cannot be read.
    """
    from ablate.study import records

    order = {name: {level: place for place, level in enumerate(dict.fromkeys(each))} for name, each in levels.items()}

    def place(record: Any) -> tuple[Any, ...]:
        return (
            *(order.get(n, {}).get(level, len(order.get(n, {}))) for n, level in record.levels.items()),
            record.replicate,
        )

    found = sorted((record for record, _ in records(path)), key=place)
    return [row for record in found for row in _epochs(path, record)]


def _epochs(path: Path, record: Any) -> Iterator[dict[str, Any]]:
    from ablate.store import StudyDirectory
    from ablate.store.curve import read_curve

    curve = dict(read_curve(StudyDirectory(path), record.id))
    counted = curve.pop("epoch", None)
    for index in range(max(map(len, curve.values()), default=0)):
        epoch = index + 1 if counted is None else int(counted[index])
        head = {**record.levels, "replicate": record.replicate, "state": record.state, "epoch": epoch}
        yield head | {name: values[index] for name, values in curve.items()}
