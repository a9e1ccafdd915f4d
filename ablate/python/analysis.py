"""Analysis of results that another program has trained: the tables of a study, always exploratory."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ablate.analysis.summary import Summary
from ablate.config.spec import StudySpec
from ablate.config.threshold import counts_updates
from ablate.errors import ConfigError, DataError, kind, unknown
from ablate.python.result import Tables
from ablate.store.record import Counts, Record

if TYPE_CHECKING:
    from pandas import DataFrame

    from ablate.report.tables.kind import Results

HIGHER_IS_BETTER = ("accuracy", "acc", "auc", "auroc", "f1", "r2")
LOWER_IS_BETTER = ("loss", "error", "mse", "mae", "rmse", "perplexity")
"""Last words of a response's name that tell which direction is better."""


@dataclass(frozen=True, kw_only=True)
class Analysis(Tables):
    """Results that another program has trained, with their summary."""

    summary: Summary
    records: tuple[Record, ...] = field(repr=False)

    def _results(self) -> "Results":
        from ablate.report.tables.kind import Results

        trials = tuple((record, None) for record in self.records)
        return Results(summary=self.summary, trials=lambda: trials, is_on_disk=False)

    def __repr__(self) -> str:
        """Its name and the number of results."""
        return f"<ablate.Analysis {self.summary.study!r}: {len(self.records)} results>"


def analyze(
    frame: Any,
    *,
    response: str,
    factors: Sequence[str] | Mapping[str, Sequence[Any]],
    replicate: str,
    better: Literal["higher", "lower"] | None = None,
    claims: Sequence[Mapping[str, Any]] = (),
    trivial: float | None = None,
    name: str = "analysis",
) -> Analysis:
    """Makes the tables of a study from results that another program has trained, such as an export of W&B.

    The analysis is exploratory, claims included: the results existed before the claims. Rows with the same value in the
    column `replicate` are a block, as trainings with the same seed are. Contrasts compare trainings within blocks.

    Args:
        frame: A pandas frame, anything that `pandas.DataFrame` takes, or the path of a CSV file. One row per training.
        response: The column with the number that each training yielded, in any unit.
        factors: The columns that were varied; or a mapping of each such column to its levels, in order. The reference
            is the first level of the mapping, else that of the first row.
        replicate: The column that tells which trainings form a block, such as the seed.
        better: Which direction of the response is better; default: by the response's name.
        claims: As of `Study`. Their verdicts are exploratory.
        trivial: The score of the trivial predictor, in the unit of the response, if it is known.
        name: The study's name in tables.

    Raises:
        DataError: a column is missing, or its content cannot be used; says what is valid.
        ConfigError: the factors, the direction or a claim are not valid.
    """
    import numpy as np

    from ablate.analysis.summarise import summarise
    from ablate.design import lay_out

    table = _frame(frame)
    for column in (response, *factors, replicate):
        if column not in table:
            raise DataError(unknown("column", column, [str(each) for each in table]))
    levels = _levels(table, factors)
    values, left_out = _values(table, response)
    blocks = {value: number for number, value in enumerate(dict.fromkeys(_texts(table[replicate], replicate)))}
    records = _records(table, levels, values, blocks, response=response, replicate=replicate)
    spec = _spec(
        name, response=response, better=better or _direction(response), trivial=trivial, levels=levels, claims=claims
    )
    spec = _laid_out(spec, records, replicates=len(blocks), levels=levels)
    layout = lay_out(spec)
    notes = [*layout.notes, f"Exploratory: the {len(records)} results existed before this analysis."]
    if left_out:
        notes.append(f"{left_out} of {len(table)} rows have no finite {response}, and are left out.")
    if max(Counter(record.replicate for record in records).values()) < 2:
        raise DataError(
            f"Each value of {replicate!r} occurs at one design point only: no two trainings form a pair. Name the "
            "column of the seed, or another column whose values recur at several design points."
        )
    summary = summarise(spec, layout.points, records, rng=np.random.default_rng(0), notes=notes)
    return Analysis(summary=summary, records=tuple(records))


def _frame(frame: Any) -> "DataFrame":
    import pandas

    if isinstance(frame, pandas.DataFrame):
        return frame.reset_index(drop=True)
    try:
        made = pandas.read_csv(frame) if isinstance(frame, str | Path) else pandas.DataFrame(frame)
    except OSError as error:
        raise DataError(f"{frame} cannot be read: {error.strerror or error}. Give the path of a CSV.") from error
    except (ValueError, TypeError) as error:
        raise DataError(f"frame is {kind(frame)}, which pandas cannot make a DataFrame of: {error}.") from error
    return made


def _text(value: Any) -> str:
    """A cell as the name of a level. 8.0 becomes 8: pandas stores integers as floats in a column with gaps."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _texts(column: Any, name: str) -> list[str]:
    if column.isna().any():
        row = int(column.isna().to_numpy().argmax())
        raise DataError(
            f"Row {row} has no {name!r}. Fill it in, or leave the row out: frame.dropna(subset=[{name!r}])."
        )
    return [_text(value) for value in column.tolist()]


def _levels(table: "DataFrame", factors: Sequence[str] | Mapping[str, Sequence[Any]]) -> dict[str, list[str]]:
    """Factor → its levels, the reference first."""
    if isinstance(factors, str) or not factors:
        raise ConfigError(
            "factors is empty or a text. Name the columns that were varied, as in factors=['width', 'activation']."
        )
    found: dict[str, list[str]] = {}
    for name in factors:
        there = list(dict.fromkeys(_texts(table[name], name)))
        asked = [_text(level) for level in factors[name]] if isinstance(factors, Mapping) else there
        if missing := [level for level in there if level not in asked]:
            raise ConfigError(f"factors[{name!r}] lacks the level {missing[0]!r}, which the column has.")
        found[name] = [level for level in asked if level in there]
        if len(found[name]) < 2:
            raise DataError(f"The column {name!r} has one level, {there[0]!r}: a factor has two or more. Leave it out.")
    return found


def _values(table: "DataFrame", response: str) -> tuple[list[float | None], int]:
    try:
        numbers: list[Any] = table[response].astype(float).tolist()
    except (ValueError, TypeError) as error:
        raise DataError(f"The column {response!r} is not all numbers: {error}.") from error
    values = [float(number) if math.isfinite(number) else None for number in numbers]
    return values, values.count(None)


def _records(
    table: "DataFrame",
    levels: Mapping[str, Sequence[str]],
    values: Sequence[float | None],
    blocks: Mapping[str, int],
    *,
    response: str,
    replicate: str,
) -> list[Record]:
    columns = {name: _texts(table[name], name) for name in levels}
    block_of = _texts(table[replicate], replicate)
    records: list[Record] = []
    seen: dict[tuple[str, ...], int] = {}
    for row, value in enumerate(values):
        at = {name: column[row] for name, column in columns.items()}
        key = (*at.values(), block_of[row])
        if key in seen:
            where = ", ".join(f"{name}={level}" for name, level in at.items())
            raise DataError(
                f"Rows {seen[key]} and {row} are both {where} with {replicate}={block_of[row]}: each design point has "
                "one training for each replicate. Name a further factor, or another column as the replicate."
            )
        seen[key] = row
        if value is not None:
            records.append(
                Record(
                    id=f"row {row}",
                    study="",
                    levels=at,
                    replicate=blocks[block_of[row]],
                    state="complete",
                    responses={response: value},
                    counts=Counts(),
                    seconds=0.0,
                    started="",
                )
            )
    return records


def _direction(response: str) -> str:
    if counts_updates(response):
        return "lower"
    words = response.lower().replace("/", "_").replace("-", "_").split("_")
    for word in reversed(words):
        if word in HIGHER_IS_BETTER:
            return "higher"
        if word in LOWER_IS_BETTER:
            return "lower"
    raise ConfigError(f"Is a higher {response!r} better, or a lower one? Say better='higher' or better='lower'.")


def _spec(
    name: str,
    *,
    response: str,
    better: str,
    trivial: float | None,
    levels: Mapping[str, Sequence[str]],
    claims: Sequence[Mapping[str, Any]],
) -> StudySpec:
    from ablate.config.schema import read

    settings: dict[str, Any] = {
        "seed": 0,
        "replicates": 1,
        "results_dir": "",
        "factor": {
            factor: {"reference": each[0], "levels": {level: [f"{factor}={level}"] for level in each}}
            for factor, each in levels.items()
        },
        "study": {
            "name": name,
            "question": f"How does {response} depend on {' and '.join(levels)}?",
            "design": "factorial",
            "response": {"name": response, "better": better, "trivial": trivial},
            "factors": list(levels),
            "claims": [dict(claim) for claim in claims],
        },
    }
    return read(settings, request=(), sweeps=(), overrides=(), directory=name)


def _laid_out(
    spec: StudySpec, records: Sequence[Record], *, replicates: int, levels: Mapping[str, Sequence[str]]
) -> StudySpec:
    """The study with the design that its results have, and with exploratory claims.

    Raises:
        DataError: there is no result at the baseline.
    """
    from dataclasses import replace

    from ablate.store import as_later

    there = {tuple(record.levels.values()) for record in records}
    baseline = tuple(each[0] for each in levels.values())
    if baseline not in there:
        where = ", ".join(f"{name}={level}" for name, level in zip(levels, baseline, strict=True))
        raise DataError(
            f"There is no result at the baseline, {where}. Choose reference levels that occur together, as in "
            f"factors={{{next(iter(levels))!r}: [reference, …]}}."
        )
    lacking = [point for point in product(*levels.values()) if point not in there]
    near = all(sum(a != b for a, b in zip(point, baseline, strict=True)) < 2 for point in there)
    design = "one_at_a_time" if lacking and near else "factorial"
    left_out = () if near else tuple(dict(zip(levels, point, strict=True)) for point in lacking)
    made = replace(spec, design=design, exclude=left_out, replicates=replicates)
    return as_later(made, trials=len(records))
