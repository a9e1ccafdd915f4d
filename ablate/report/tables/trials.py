"""The table of trials: one row for each training, with its factors, seeds, state, responses and costs."""

from collections.abc import Mapping

from ablate.plan.cost import NETWORK_COSTS, NetworkCost, joined
from ablate.report.tables.columns.cost_columns import cost_columns, cost_values
from ablate.report.tables.columns.point_columns import level_columns
from ablate.report.tables.columns.row import Row, levels
from ablate.report.tables.kind import Results, TableKind, Trials
from ablate.report.text.number import Digits
from ablate.report.text.point_name import point_names
from ablate.report.text.table import ABSENT, Column, Table
from ablate.store import Record
from ablate.store.costs import PointCost

_BEFORE = ("trial",)
_BETWEEN = ("replicate", "seed", "state")
_COUNTED = tuple(name for name, kind in NETWORK_COSTS.items() if not kind.measured)
_MEASURED = tuple(name for name, kind in NETWORK_COSTS.items() if kind.measured)
_COSTS = (*_COUNTED, "seconds", *_MEASURED)
_AFTER = (*_COSTS, "started", "code", "error")


def trials_table(results: Results) -> Table:
    """One row for each training; there must be one."""
    trials = _ordered(results)
    records = [record for record, _ in trials]
    names = point_names(results.summary)
    seconds = Digits(decimals=2)
    return Table.of(
        title="Trials",
        columns=[
            *level_columns([record.levels for record in records], names),
            (Column(name="replicate", key=True, justify="right"), [str(r.replicate) for r in records]),
            (
                Column(name="state", tones={"failed": "bad", "timed_out": "bad", "diverged": "caution"}),
                [r.state for r in records],
            ),
            *(
                _response(name, records, group=int(name != results.summary.response))
                for name in sorted(_responses(results, trials), key=lambda name: name != results.summary.response)
            ),
            (
                Column(name="seed", justify="right", group=1),
                [_shown(_seed(r)) for r in records],
            ),
            *cost_columns(
                width="width",
                widths=[None] * len(records),
                group=1,
                **cost_values(_network(record, cost) for record, cost in trials),
            ),
            (Column(name="seconds", justify="right", group=1), [seconds.number(r.seconds) for r in records]),
            (Column(name="trial", group=1), [r.id for r in records]),
            (
                Column(name="code", group=1),
                [_source(r) or ABSENT for r in records] if results.summary.mixed_code else [],
            ),
        ],
        caption=names.caption,
        notes=(results.summary.mixed_code,) if results.summary.mixed_code else (),
    )


def trial_rows(results: Results) -> list[Row]:
    """One row for each training: what tells it apart, its seeds, its state, every response, its costs."""
    trials = _ordered(results)
    responses = _responses(results, trials)
    taken = {*_BEFORE, *_BETWEEN, *_AFTER, *responses}
    return [
        {"trial": record.id}
        | levels(record.levels, taken)
        | {"replicate": record.replicate, "seed": _seed(record), "state": record.state}
        | {name: record.value(name) for name in responses}
        | _costs(record, cost)
        | {"started": record.started, "code": _source(record), "error": record.error}
        for record, cost in trials
    ]


def _data(results: Results) -> list[Mapping[str, object]]:
    return [
        {
            "trial": record.id,
            "levels": record.levels,
            "replicate": record.replicate,
            "seed": _seed(record),
            "state": record.state,
            "responses": {name: record.value(name) for name in [*record.responses, results.summary.response]},
            "costs": _costs(record, cost),
            "started": record.started,
            "code": _source(record),
            "error": record.error,
        }
        for record, cost in _ordered(results)
    ]


def _ordered(results: Results) -> Trials:
    """By design point, in the order of the design, then by replicate."""
    order = {frozenset(point.levels.items()): place for place, point in enumerate(results.summary.points)}
    last = len(order)
    return sorted(
        results.trials(), key=lambda trial: (order.get(frozenset(trial[0].levels.items()), last), trial[0].replicate)
    )


def _responses(results: Results, trials: Trials) -> list[str]:
    """What trials log, and the study's response, which may be measured."""
    logged = dict.fromkeys(name for record, _ in trials for name in record.responses)
    return [*logged | dict.fromkeys([results.summary.response])]


def _response(name: str, records: list[Record], *, group: int) -> tuple[Column, list[str]]:
    values = [record.value(name) for record in records]
    digits = Digits.fitting(values)
    return Column(name=name, justify="right", group=group), [digits.number(value) for value in values]


def _seed(record: Record) -> int | None:
    """Of the study; with the replicate it determines every random stream of the trial."""
    seed = record.config.get("seed")
    return seed if isinstance(seed, int) else None


def _source(record: Record) -> str | None:
    """The digest of the code that trained it."""
    return record.provenance.source if record.provenance else None


def _shown(count: int | None) -> str:
    return ABSENT if count is None else str(count)


def _costs(record: Record, cost: PointCost | None) -> Row:
    numbers = {**_network(record, cost).numbers(), "seconds": record.seconds}
    return {name: numbers[name] for name in _COSTS}


def _network(record: Record, cost: PointCost | None) -> NetworkCost:
    return joined([record.counts.cost, *([cost] if cost else [])])


def _has_trials(results: Results) -> bool:
    return bool(results.summary.points) and bool(results.trials())


TRIALS = TableKind(
    about="one row for each training: factors, replicate, seed, state, every response, costs",
    items=lambda results: [trials_table(results)] if _has_trials(results) else [],
    rows=trial_rows,
    data=lambda results: {"trials": _data(results)},
    present=lambda summary: bool(summary.points),
    columns=(*_BEFORE, *_BETWEEN, *_AFTER),
    estimates=False,
    in_document=False,  # a study may have thousands
)
