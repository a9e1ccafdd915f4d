"""A table of a user's own: rows of numbers, with a column to predict."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from ablate.data.reading.source import as_source
from ablate.data.source import Arrays, Source
from ablate.errors import DataError, unknown
from ablate.files import reason

TARGETS = ("classes", "values")


def csv(
    *,
    root: str,
    target: str,
    targets: str = "classes",
    columns: Sequence[str] | None = None,
    delimiter: str = ",",
    test: str | None = None,
    limit: int | None = None,
    val_size: int | float | None = None,
    test_size: int | float | None = None,
    standardise_inputs: bool = True,
    standardise_targets: bool = False,
) -> Source:
    """Rows of shape (columns,), with a class number for each value of the target in alphabetical order, or its value.

    Args:
        root: A CSV file whose first row names its columns.
        target: The column to predict.
        targets: What it holds: `classes` or `values`.
        columns: Those to predict from; None: all others.
        delimiter: Between columns.
        test: Another file of the same columns, as official test set; None: there is none.
        limit: Rows to use at all, the official test set apart; None: every one.
        val_size: Rows of the validation split, or their share; None: a tenth.
        test_size: The same of the test split; None: the whole official test set, or a fifth.
        standardise_inputs: Each column, by its moments on the train split.
        standardise_targets: The same of values.

    Raises:
        DataError: a file cannot be read, has no such column, or holds text or nothing where numbers are needed.
    """
    if targets not in TARGETS:
        raise DataError(unknown("data.targets", targets, TARGETS))
    tables = {"train": _read(root, delimiter), **({"test": _read(test, delimiter)} if test is not None else {})}
    known = sorted({str(value) for value in _column(tables["train"], target, root)})
    names = [name for name in tables["train"].columns if name != target] if columns is None else list(columns)
    parts: dict[str, Arrays] = {}
    for (part, table), file in zip(tables.items(), (root, test or ""), strict=False):
        wanted = _column(table, target, file)
        if targets == "classes":
            labels = [str(value) for value in wanted]
            if strange := sorted(set(labels) - set(known)):
                raise DataError(f"{file} has the class {strange[0]!r}, which is none of {root}: {', '.join(known)}.")
            made = torch.tensor([known.index(label) for label in labels])
        else:
            made = _numbers(table, [target], file)
        parts[part] = Arrays(inputs=_numbers(table, names, file), targets=made)
    return as_source(
        parts,
        title=f"data.root={root}",
        limit=limit,
        val_size=val_size,
        test_size=test_size,
        standardise_inputs=standardise_inputs,
        standardise_targets=standardise_targets,
    )


def _read(file: str, delimiter: str) -> Any:
    import pandas as pd

    try:
        return pd.read_csv(Path(file).expanduser(), sep=delimiter)
    except OSError as error:
        raise DataError(f"{file} cannot be read: {reason(error)}. data.root names a CSV file.") from error
    except (ValueError, pd.errors.ParserError) as error:
        raise DataError(
            f"{file} is no CSV file with the delimiter {delimiter!r}: {' '.join(str(error).split())}."
        ) from error


def _column(table: Any, name: str, file: str) -> Any:
    if name not in table.columns:
        raise DataError(f"{unknown('column', name, map(str, table.columns))} These are the columns of {file}.")
    if empty := int(table[name].isna().sum()):
        raise DataError(f"The column {name!r} of {file} is empty in {empty} rows: fill them, or remove these rows.")
    return table[name]


def _numbers(table: Any, names: Sequence[str], file: str) -> torch.Tensor:
    """The columns as float32, shape (rows, columns)."""
    text = [name for name in names if _column(table, name, file).dtype.kind not in "biuf"]
    if text:
        numeric = [str(name) for name in names if name not in text]
        raise DataError(
            f"{'Columns' if len(text) > 1 else 'The column'} {', '.join(map(repr, text))} of {file} "
            f"{'hold' if len(text) > 1 else 'holds'} text, and networks take numbers. Leave it out, with "
            f"'data.columns=[{','.join(numeric)}]'; or make numbers of it in the file, a column for each of its values."
        )
    return torch.from_numpy(table[list(names)].to_numpy("float32", copy=True))
