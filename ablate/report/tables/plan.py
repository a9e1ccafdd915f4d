"""What `ablate plan` prints: what would be trained, what it would cost, and what it could estimate."""

from collections.abc import Mapping, Sequence
from typing import Any

from ablate.report.tables.columns.cost_columns import Cells, cost_columns, cost_notes
from ablate.report.tables.tuning.columns import tuned_columns, tuned_notes
from ablate.report.text.point_name import PointNames
from ablate.report.text.quantity import counted, duration
from ablate.report.text.table import Block, Column, Item, Table


def plan_document(
    *,
    study: str,
    question: str,
    design: str,
    points: Sequence[Mapping[str, str]],
    baseline_levels: Mapping[str, str],
    trials: int,
    finished: int,
    bundles: int,
    seconds: float | None,
    estimates: Sequence[str],
    cannot: Sequence[str],
    notes: Sequence[str],
    claims: Sequence[str] = (),
    identities: Sequence[str] = (),
    data: str = "",
    width: str = "width",
    widths: Sequence[int | None] = (),
    timed_on: Sequence[str] = (),
    stacked: int = 0,
    alone: Mapping[str, int] | None = None,
    workers: int = 0,
    threads: int = 1,
    tuning: Sequence[str] = (),
    tuned: Sequence[Mapping[str, Any]] = (),
    gpus: int = 0,
    **costs: Sequence[float | None],
) -> tuple[Item, ...]:
    """The study, then its design points.

    Args:
        study: its name.
        question: that it asks.
        design: its name, with what qualifies it.
        points: levels of each design point, in the order of the design.
        baseline_levels: every factor's reference level.
        trials: of the whole study.
        finished: of those, how many have a record.
        bundles: of the unfinished trials.
        seconds: that the unfinished trials would take; None: not known.
        estimates: what the design can estimate.
        cannot: what it cannot.
        notes: on the design and on what the plan has found.
        claims: the power of each stated claim.
        identities: what evaluates the study's identities.
        data: the data sets, as tables call them.
        width: the name of the width that was solved for, where capacity is matched.
        widths: of each point, where capacity is matched.
        timed_on: where latencies were measured.
        stacked: how many of the unfinished trials train as one with others.
        alone: reason → how many trials train alone for it.
        workers: that train at a time.
        threads: of each worker.
        tuning: what is tuned, what that costs, and what is not known before it.
        tuned: the settings that were chosen for each design point.
        gpus: on which they train; 0: they train on the processor.
        costs: as in `cost_columns`.
    """
    missing = trials - finished
    todo = f"{missing} to train in {counted(bundles, 'bundle')}" if missing else "nothing to train"
    on = f" on {counted(workers, 'worker')}" if workers else ""
    on += f" of {counted(threads, 'thread')}" if workers and threads > 1 else ""
    on += f" on {counted(gpus, 'GPU')}" if workers and gpus else ""
    unknown_s = "not known before a first trial"
    takes = f"about {duration(seconds)}{on}" if seconds is not None else f"{unknown_s},{on}" if gpus else unknown_s
    if not points and identities:
        exact = [("question", question), *_listed("identities", identities), ("trials", "none: nothing to train")]
        return (Block(title=study, lines=(*exact, *_listed("notes", notes))),)
    lines = [
        ("question", question),
        *([("data", data)] if data else []),
        ("design", f"{design}: {counted(len(points), 'design point')}"),
        *_listed("tuning", tuning),
        ("trials", f"{trials}: {finished} finished, {todo}"),
        *_listed("stacked", _stacking(stacked, alone or {}) if missing else ()),
        *([("time", takes)] if missing else []),
        *_listed("claims", claims),
        *_listed("identities", identities),
        *_listed("can estimate", estimates),
        *_listed("cannot estimate", cannot),
        *_listed("notes", notes),
    ]
    unknown = [None] * len(points)
    columns = tuned_columns(tuned) + cost_columns(width=width, widths=widths or unknown, group=0, **costs)
    return Block(title=study, lines=tuple(lines)), _points(
        points, baseline_levels, columns, (*tuned_notes(tuned), *cost_notes(timed_on=timed_on, **costs))
    )


def _points(
    points: Sequence[Mapping[str, str]],
    baseline: Mapping[str, str],
    costs: Sequence[Cells],
    notes: Sequence[str],
) -> Table:
    names = PointNames(points, baseline)
    spread = tuple(points[0]) if points and len(points[0]) > 1 else ()
    return Table.of(
        title="Design points",
        columns=[
            (
                Column(name="point", key=True, wrap=True, instead="named" if spread else ""),
                [names.of(levels) for levels in points],
            ),
            *(
                (Column(name=factor, key=True, instead="spread"), [levels[factor] for levels in points])
                for factor in spread
            ),
            *costs,
        ],
        caption=names.caption,
        notes=notes,
    )


def _stacking(stacked: int, alone: Mapping[str, int]) -> list[str]:
    """How many trials train as one with others, and why the others do not."""
    count = stacked + sum(alone.values())
    if not count:
        return []
    lines = [f"{stacked} of {counted(count, 'trial')} ({stacked / count:.0%})"]
    return lines + [f"{number} alone: {reason}" for reason, number in alone.items()]


def _listed(label: str, items: Sequence[str]) -> list[tuple[str, str]]:
    """One line for each item, the label on the first."""
    return [(label if i == 0 else "", item) for i, item in enumerate(items)]
