from dataclasses import replace

import pytest
from rich.cells import cell_len

from ablate.analysis.summary import Summary
from ablate.config.spec import Capacity
from ablate.plan.cost import NETWORK_COSTS, NetworkCost
from ablate.report.document import document
from ablate.report.tables.columns.cost_columns import cost_columns, cost_notes, cost_values
from ablate.report.tables.points import points_table
from ablate.report.text.point_name import PointNames, baseline_levels
from ablate.report.text.quantity import BYTES, SECONDS, in_one_unit
from ablate.report.text.table import Table


@pytest.mark.parametrize(
    ("values", "units", "unit", "cells"),
    [
        ([1536, 2048, None], BYTES, "KiB", ["1.50", "2.00", "–"]),
        ([900, 12], BYTES, "B", ["900", "12"]),
        ([3.5 * 2**20, 2**30, 250 * 2**20], BYTES, "MiB", ["4", "1024", "250"]),
        ([45e-6, 0.00121, 90e-6], SECONDS, "µs", ["45.0", "1210.0", "90.0"]),
        ([0.0123, 0.0045, 0.01], SECONDS, "ms", ["12.3", "4.5", "10.0"]),
        ([2.5], SECONDS, "s", ["2.50"]),
        ([None, None], SECONDS, "µs", ["–", "–"]),
        ([0], BYTES, "B", ["0"]),
    ],
)
def test_a_column_has_the_unit_of_its_median(values, units, unit, cells):
    assert in_one_unit(values, units) == (unit, cells)


def columns(**changes):
    given = {
        "width": "channels", "widths": (16, 21), "parameters": (1000, 1005), "flops": (None, None),
        "activation_bytes": (2048, None), "latency_seconds": (2e-4, None),
    }  # fmt: skip
    return Table.of(title="", columns=cost_columns(**(given | changes)))


def test_width_and_parameters_stand_side_by_side():
    table = columns()
    assert [c.heading for c in table.columns] == ["channels", "parameters", "activations (KiB)", "latency (µs)"]
    assert table.rows == (("16", "1.00k", "2.00", "200"), ("21", "1.00k", "–", "–"))


def test_what_nobody_measured_has_no_column():
    table = columns(widths=(None, None), activation_bytes=(None, None), latency_seconds=(None, None))
    assert [c.name for c in table.columns] == ["parameters"]
    assert cost_notes(flops=(None,), activation_bytes=(None,), latency_seconds=(None,), timed_on=()) == ()


def test_the_notes_say_what_was_measured_and_where():
    notes = cost_notes(
        flops=(1,), activation_bytes=(1,), latency_seconds=(1e-3, None), timed_on=("one thread of A", "B")
    )
    said = " ".join(notes)
    for part in (
        "one example's forward pass",
        "keeps for the backward pass",
        "on one thread of A or B",
        "not measured",
    ):
        assert part in said


def test_a_gap_is_explained_under_every_column_that_has_one():
    notes = cost_notes(flops=(1, None), activation_bytes=(1, None), latency_seconds=(1e-3, None), timed_on=("A",))
    assert notes[-1] == "– under activations and latency: not measured."


def test_every_cost_has_its_column_and_its_note():
    numbers = dict.fromkeys(NETWORK_COSTS, 3)
    values = cost_values([NetworkCost(**numbers), NetworkCost()])
    assert values == {name: [3, None] for name in NETWORK_COSTS}
    table = Table.of(title="", columns=cost_columns(width="width", widths=(None, None), **values))
    assert [c.name for c in table.columns] == [kind.heading for kind in NETWORK_COSTS.values()]
    said = cost_notes(timed_on=("A",), **values)
    for kind in NETWORK_COSTS.values():
        assert kind.note.format(timed_on="A") in ("", *said)


@pytest.fixture
def measured(core) -> Summary:
    points = tuple(
        replace(p, activation_bytes=3_000_000 + i, latency_seconds=2.5e-4, width=16 + i % 2)
        for i, p in enumerate(core.points)
    )
    return replace(core, points=points, capacity=Capacity(), timed_on=("one thread of A",))


@pytest.mark.parametrize("width", [80, 160])
def test_the_table_fits_a_terminal(measured, width, written):
    text = written(measured, table="points", width=width)
    assert [line for line in text.splitlines() if cell_len(line) > width] == []
    assert "one thread of A" in " ".join(text.split())


def test_every_format_has_the_columns(measured, written, rows_of):
    table = points_table(measured, PointNames([p.levels for p in measured.points], baseline_levels(measured)))
    assert {"width", "activations", "latency"} < {column.name for column in table.columns}
    assert len(document(measured)) == len(document(replace(measured, capacity=None)))
    for format in ("markdown", "latex"):
        text = written(measured, format)
        assert "2.86" in text, format  # 3,000,000 bytes in MiB
        assert "µ" not in text or format != "latex"
    for table in ("points", "costs"):
        first = rows_of(measured, table)[0]
        assert [first[name] for name in ("activation_bytes", "latency_seconds", "width")] == [
            "3000000",
            "0.00025",
            "16",
        ]
    assert '"latency_seconds": 0.00025' in written(measured, "json")
