"""The table of lesions: each next to the arm, in text, rows and JSON."""

import json
from dataclasses import replace

import pytest

from ablate.analysis.summary import Lesion
from ablate.report.tables.lesions.table import lesions_table
from ablate.report.text.number import PAD
from ablate.report.text.table import ABSENT

WHOLE, OUT, ZERO = (0.9, 0.8, 0.7), (0.85, 0.7, 0.75), (0.4, 0.2, 0.6)


@pytest.fixture
def lesioned(core, pair):
    """One arm with two kinds of lesion, and one that has no trials yet."""
    known = Lesion(
        levels={"part": "out"},
        kind="zero",
        paired=pair(ZERO, WHOLE),
        retrained=pair(OUT, WHOLE),
        recovered=pair(OUT, ZERO),
    )
    untrained = replace(known, levels={"last": "out"}, retrained=None, recovered=None)
    fewer = pair(ZERO[:2], WHOLE[:2], dropped=1)
    return replace(core, lesions=(known, replace(known, kind="mean", paired=fewer), untrained))


def test_a_lesion_stands_next_to_the_arm(lesioned):
    table = lesions_table(lesioned)
    headings = [column.heading.replace("\u00a0", " ") for column in table.columns]
    assert headings == [
        "arm",
        "lesion",
        "n",
        "Δ lesioned [95% t interval]",
        "Δ retrained [95% t interval]",
        "retrained − lesioned [95% t interval]",
    ]
    assert table.basis == "n = 2 to 3 replicates; 95% t interval."
    rows = [tuple(cell.replace(PAD, "") for cell in row) for row in table.rows]
    assert [" ".join(row[:3]) for row in rows] == ["part=out zero 3", "part=out mean 2", "last=out zero 3"]
    # By hand: −.5 −.6 −.1, mean −.4, SD .2646; −.05 −.1 .05, SD .0764; .45 .5 .15, SD .1893; t(2) 4.303.
    assert rows[0][3:] == ("−0.40 [−1.06, +0.26]", "−0.03 [−0.22, +0.16]", "+0.37 [−0.10, +0.84]")
    assert rows[1][3] == "−0.50, −0.60"
    assert rows[2][4:] == (ABSENT, ABSENT)


def test_its_notes_say_what_each_kind_is_and_what_is_left_out(lesioned):
    notes = lesions_table(lesioned).notes
    assert "Zero: its output is 0." in notes
    assert not any(note.startswith(("Identity", "Resample")) for note in notes)
    assert "part=out, mean: 1 of 3 replicates left out: they have no such lesion." in notes
    assert "Where n is 1 or 2 the differences themselves are shown, not means." in notes
    assert any(note.startswith("Exploratory") for note in notes)
    bare = replace(lesioned, lesions=lesioned.lesions[2:])
    assert not any("Retrained" in note for note in lesions_table(bare).notes)


def test_programs_get_every_number(lesioned, rows_of, written):
    rows = rows_of(lesioned, "lesions")
    assert [(row["arm"], row["lesion"], row["response"]) for row in rows] == [
        ("part=out", "zero", "test/accuracy"),
        ("part=out", "mean", "test/accuracy"),
        ("last=out", "zero", "test/accuracy"),
    ]
    assert float(rows[0]["difference"]) == pytest.approx(-0.4, rel=1e-12)
    assert float(rows[0]["recovered"]) == pytest.approx(1.1 / 3, rel=1e-12)
    assert (rows[2]["retrained"], rows[2]["recovered_n"]) == ("", "")
    found = json.loads(written(lesioned, "json", table="lesions"))["lesions"]
    assert [lesion["kind"] for lesion in found] == ["zero", "mean", "zero"]
    assert found[2]["retrained"] is None


def test_a_study_without_lesions_has_no_such_table(core, written):
    assert "core has no such table" in written(core, table="lesions")
