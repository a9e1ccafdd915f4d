import csv
import io
import json
from dataclasses import replace

import pytest

from ablate.analysis.claims.exactness import exactness
from ablate.analysis.summary import Interval
from ablate.config.spec import Claim
from ablate.errors import ConfigError
from ablate.identities import Identity
from ablate.report.answers import show_answers
from ablate.report.tables.answers import answer_lines, answers_table
from tests.report.judged import judged


def verdict(arm, reference, low, high, *, n=5, level=0.9):
    claim = Claim(contrast={"head": (arm, reference)}, expect="less", margin=0.02)
    outcome, line = "supported" if high < 0 else "inconclusive", f"{arm} and {reference}"
    interval = Interval(value=(low + high) / 2, low=low, high=high, level=level)
    return judged(claim, outcome, low, high, strong=high < -0.02, interval=interval, n=n, line=line)


@pytest.fixture
def several(core):
    """Three studies: two claims on accuracy, none, and one on a loss a thousand times as large."""
    head = replace(
        core,
        study="head",
        question="Which head?",
        command="ablate run head",
        verdicts=(verdict("gap", "fc", -0.054, -0.004), verdict("fc2", "fc", -0.012, 0.018)),
    )
    width = replace(
        core,
        study="width",
        question="How wide?",
        command="ablate run width",
        response="test/loss",
        verdicts=(verdict("8", "16", -340.0, -180.0),),
    )
    return head, replace(core, study="smoke", verdicts=()), width


def columns(table):
    return dict(zip([c.heading for c in table.columns], zip(*table.rows, strict=True), strict=True))


def test_each_claim_has_a_line_and_a_study_speaks_once(several):
    found = columns(answers_table(several))
    assert found["question"] == ("Which head?", "", "How wide?")
    assert found["command"] == ("ablate run head", "", "ablate run width")
    assert found["claim or identity"] == ("head: gap less than fc", "head: fc2 less than fc", "head: 8 less than 16")
    assert found["verdict"] == ("supported", "inconclusive", "supported (strong)")
    assert found["of"] == ("test/accuracy", "test/accuracy", "test/loss")
    assert found["n"] == ("5", "5", "5")


def test_an_identity_has_its_line_and_neither_n_nor_interval(several):
    identity = Identity(statement="units", found=10, expected=10)
    exact = replace(several[1], study="units", response="", identities=(exactness(identity),), question="How many?")
    found = columns(answers_table([exact, *several]))
    assert found["question"] == ("How many?", "Which head?", "", "How wide?")
    assert (found["claim or identity"][0], found["verdict"][0], found["n"][0]) == ("units: 10", "holds", "–")
    assert answer_lines([exact]).lines == (("units", "holds: units: 10"),)
    out = io.StringIO()
    show_answers([exact, *several], "csv", out)
    rows = list(csv.DictReader(io.StringIO(out.getvalue()), strict=True))
    assert [row["kind"] for row in rows] == ["identity", *["claim"] * 3]
    assert (rows[0]["statement"], rows[0]["outcome"], rows[0]["n"], rows[0]["margin"]) == ("units", "holds", "", "0.0")


def test_each_difference_has_the_digits_of_its_own_interval(several):
    (heading,) = [h for h in columns(answers_table(several)) if h.startswith("Δ")]
    assert heading.replace("\u00a0", " ") == "Δ [90% t interval]"
    cells = [cell.replace("\u2007", "") for cell in columns(answers_table(several))[heading]]
    assert cells == ["−0.029 [−0.054, −0.004]", "+0.003 [−0.012, +0.018]", "−260 [−340, −180]"]


def test_intervals_of_several_levels_are_named_one_by_one(several):
    head, *_ = several
    other = replace(head, verdicts=(verdict("gap", "fc", -0.054, -0.004, level=0.98),))
    found = columns(answers_table([head, other]))
    cells = [cell.replace("\u00a0", " ") for cell in found["Δ [interval]"]]
    assert cells[0].endswith("(90% t interval)")
    assert cells[2].endswith("(98% t interval)")


def test_a_study_without_a_claim_is_named(several):
    assert "Without a claim: smoke." in answers_table(several).notes
    assert ("smoke", "states no claim") in answer_lines(several).lines


def test_the_terminal_has_the_lines_that_can_be_quoted(several):
    lines = answer_lines(several).lines
    assert lines == (("head", "gap and fc"), ("", "fc2 and fc"), ("smoke", "states no claim"), ("width", "8 and 16"))


def test_programs_get_every_number(several):
    out = io.StringIO()
    show_answers(several, "csv", out)
    rows = list(csv.DictReader(io.StringIO(out.getvalue())))
    assert [(r["study"], r["statement"], float(r["difference_low"])) for r in rows] == [
        ("head", "head: gap less than fc", -0.054),
        ("head", "head: fc2 less than fc", -0.012),
        ("width", "head: 8 less than 16", -340.0),
    ]
    assert rows[0]["question"] == "Which head?"
    out = io.StringIO()
    show_answers(several, "json", out)
    found = json.loads(out.getvalue())
    assert [(s["study"], len(s["verdicts"])) for s in found] == [("head", 2), ("smoke", 0), ("width", 1)]
    assert found[2]["verdicts"][0]["interval"]["high"] == -180.0
    assert (found[0]["data"], found[0]["replicates"], found[0]["tuned"]) == (several[0].data, several[0].replicates, [])


def test_markdown_and_latex_have_the_table(several):
    for format, mark in (("markdown", "| How wide? |"), ("latex", "How wide?")):
        out = io.StringIO()
        show_answers(several, format, out)
        assert mark in out.getvalue()
        assert "ablate run width" in out.getvalue()


def test_an_unknown_format_is_an_error():
    with pytest.raises(ConfigError, match="Did you mean 'markdown'"):
        show_answers([], "markdwn", io.StringIO())
