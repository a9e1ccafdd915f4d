from dataclasses import replace

import pytest

from ablate.report.tables.columns.diagnostic_columns import diagnostic_columns, diagnostic_notes
from ablate.report.text.table import ABSENT


def named(summary, *names, **values):
    points = [replace(point, diagnostics={}) for point in summary.points]
    points[0] = replace(points[0], diagnostics=values)
    return replace(summary, diagnostics=names, points=tuple(points))


@pytest.mark.parametrize(
    ("name", "values", "heading", "cell"),
    [
        ("dead_units", {"start": 0.0, "end": 0.3125}, "dead units, start → end", "0 → 0.31"),
        ("gradient_norm", {"start": 12345.6, "end": 0.00042}, "gradient norm, start → end", "12346 → 0.00042"),
        (
            "gradient_slope",
            {"end": -0.0321},
            "slope of log gradient norm over depth, start → end",
            f"{ABSENT} → −0.032",
        ),
        ("effective_rank", {"start": 7.04, "end": 29.7}, "effective rank, start → end", "7.0 → 30"),
        ("unreachable", {"start": 0.5, "end": 0.5}, "unreachable training targets", "0.50"),
        ("unreachable", {"start": 0.5}, "unreachable training targets", "0.50"),
    ],
)
def test_a_cell_goes_from_start_to_end(core, name, values, heading, cell):
    ((column, cells),) = diagnostic_columns(named(core, name, **{name: values}))
    assert column.heading == heading
    assert cells == [cell] + [ABSENT] * (len(core.points) - 1)


def test_only_named_diagnostics_have_a_column_and_a_note(core):
    summary = named(core, dead_units={"end": 0.1})
    assert diagnostic_columns(summary) == []
    assert diagnostic_notes(summary) == ()
    (note,) = diagnostic_notes(named(core, "dead_units", dead_units={"end": 0.1}))
    assert note == (
        "Diagnostics: means over the replicates. Start → end: on a probe batch before the first step and after the "
        "last; of a user-defined LightningModule, on the batches of its first training step and of its last."
    )
