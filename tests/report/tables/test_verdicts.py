import io
import json
from dataclasses import replace

import pytest

from ablate.analysis.summary import Evidence, Extension, Interval, Needed, Qualifier, Separation, Verdict
from ablate.config.spec import Claim
from ablate.report.document import document
from ablate.report.formats.terminal import terminal
from ablate.report.tables.answers import answer_rows, answers_table
from ablate.report.text.number import NO_BREAK
from ablate.report.text.table import Block, Table
from ablate.report.text.wrap import widest


def verdict(**changes):
    found = Evidence(supported=0.75354, contradicted=0.0332, equivalent=None, strong=None)
    given = {
        "claim": Claim(contrast={"head": ("gap", "fc")}, expect="equivalent", margin=0.02),
        "outcome": "inconclusive",
        "strong": False,
        "interval": Interval(value=-0.029, low=-0.054, high=-0.004, level=0.9),
        "n": 5,
        "sd": 0.026,
        "evidence": found,
        "adjusted": replace(found, supported=1.0),
        "family": 2,
        "alone": "inconclusive",
        "survivors": None,
        "failure_sensitive": False,
        "needed": Needed(low=92, high=92),
        "remarks": (),
        "line": "inconclusive: open whether gap is within 0.02 of fc",
    }
    return Verdict(**(given | changes))


SUPPORTED = verdict(
    claim=Claim(contrast={"init": ("naive", "he")}, expect="less", margin=0.02),
    outcome="supported",
    strong=True,
    interval=Interval(value=-0.361, low=-0.389, high=-0.333, level=0.9),
    evidence=Evidence(supported=0.0002, contradicted=0.9998, equivalent=0.9, strong=0.003),
    adjusted=Evidence(supported=0.0006, contradicted=1.0, equivalent=1.0, strong=0.006),
    needed=None,
    remarks=("The claim has a margin under the resolution.",),
    line="supported (strong): naive is less than he by more than 0.02",
)


def shown(summary, *verdicts):
    _, block, evidence, *_ = document(replace(summary, verdicts=verdicts))
    assert isinstance(block, Block)
    assert isinstance(evidence, Table)
    columns = zip(*evidence.rows, strict=True)
    headings = [column.heading.replace(NO_BREAK, " ") for column in evidence.columns]
    return block, evidence, dict(zip(headings, map(list, columns), strict=True))


def test_the_lines_come_first_and_the_evidence_below(core):
    block, evidence, cells = shown(core, verdict(), SUPPORTED)
    assert block.lines == (("head", verdict().line), ("init", SUPPORTED.line))
    assert evidence.basis == "n = 5 replicates; 90% t interval; one-sided test, Holm over 2 claims."
    assert cells == {
        "claim": ["head: gap equivalent to fc", "init: naive less than he"],
        "outcome": ["inconclusive", "supported (strong)"],
        "Δ [90% t interval]": ["−0.029 [−0.054, −0.004]", "−0.361 [−0.389, −0.333]"],
        "margin": ["0.02", "0.02"],
        "n": ["5", "5"],
        "p, one-sided": ["0.7535", "0.0002"],
        "p, Holm over 2 claims": ["1.0000", "0.0006"],
        "needed": ["92", "–"],
    }
    assert "init: naive less than he: The claim has a margin under the resolution." in evidence.notes
    assert any("The family is the 2 stated claims" in note for note in evidence.notes)
    assert core.scope not in evidence.notes, "it stands once, with the study"


def test_intervals_of_different_levels_are_each_named(core):
    strict = replace(
        SUPPORTED,
        claim=replace(SUPPORTED.claim, alpha=0.025),
        interval=replace(SUPPORTED.interval, level=0.95),
    )
    _, _, cells = shown(core, verdict(), strict)
    assert "(90%\u00a0t\u00a0interval)" in cells["Δ [interval]"][0].replace(" ", NO_BREAK)
    assert "(95%\u00a0t\u00a0interval)" in cells["Δ [interval]"][1].replace(" ", NO_BREAK)


def test_below_five_there_is_no_p_and_no_verdict(core, rows_of):
    # Even where a summary had a p.
    few = verdict(outcome=None, alone=None, n=4, needed=Needed(low=5, high=5))
    _, evidence, cells = shown(core, few)
    assert cells["outcome"] == ["no verdict"]
    assert cells["needed"] == ["5"]
    assert not any(heading.startswith("p,") for heading in cells)
    assert not any("p:" in note for note in evidence.notes)
    (row,) = rows_of(replace(core, verdicts=(few,)), "verdicts")
    assert not any(cell for column, cell in row.items() if column.startswith("p_"))


def test_what_no_number_of_replicates_decides_is_said(core):
    wanted = (Needed(), Needed(low=12, high=40), Needed(low=12), Needed(on_margin=True), None)
    _, evidence, cells = shown(core, *(verdict(needed=n) for n in wanted))
    assert cells["needed"] == [">1000", "12–40", "12–>1000", "∅", "–"]
    assert any("∅ where the truth may lie on the margin" in note for note in evidence.notes)


def test_the_qualifiers_of_a_verdict_are_the_same_value_everywhere(core, rows_of, written):
    qualifiers = (
        Qualifier(name="untrained", text="the baseline learned nothing"),
        Qualifier(name="extended", text="false support has probability up to 0.077"),
        Qualifier(name="small n", text="a collapse may be unseen", heads=False),
    )
    extended = Extension(ns=(5, 10), false_support=0.077, false_contradiction=0.078)
    summary = replace(core, verdicts=(verdict(qualifiers=qualifiers, extended=extended), SUPPORTED))
    _, evidence, cells = shown(core, *summary.verdicts)
    assert cells["outcome"][0] == "inconclusive (untrained; extended)"
    assert cells["qualifiers"] == ["untrained; extended; small n", "–"]
    assert "Small n (head: gap equivalent to fc): a collapse may be unseen." in evidence.notes
    row, _ = rows_of(summary, "verdicts")
    assert row["qualifiers"] == "untrained; extended; small n"
    assert (row["extended_false_support"], row["extended_false_contradiction"]) == ("0.077", "0.078")
    json_ = json.loads(written(summary, "json", table="verdicts"))["verdicts"][0]
    assert [q["name"] for q in json_["qualifiers"]] == ["untrained", "extended", "small n"]
    assert json_["extended"]["false_contradiction"] == 0.078
    said = " ".join(written(summary, width=100).split())
    assert "inconclusive (untrained; extended)" in said
    assert "Small n (head: gap equivalent to fc): a collapse may be unseen." in said
    (answered,) = answers_table([summary]).rows[:1]
    assert "inconclusive (untrained; extended)" in answered
    assert "untrained; extended; small n" in answered
    answer, _ = answer_rows([summary])
    assert (answer["qualifiers"], answer["extended_false_support"]) == ("untrained; extended; small n", 0.077)


def test_without_claims_all_is_exploratory(core):
    contrasts = (replace(core.contrasts[0], q=0.0123), *core.contrasts[1:])
    items = document(replace(core, contrasts=contrasts))
    assert items[1].lines == (("", "No claim was stated before the trials: all contrasts are exploratory."),)
    (table,) = [item for item in items if item.title.startswith("Main effects")]
    position = [column.name for column in table.columns].index("q, exploratory")
    assert [row[position] for row in table.rows] == ["0.0123", "–", "–", "–", "–"]
    assert any(note.startswith("q: exploratory") for note in table.notes)


@pytest.mark.parametrize("width", [80, 160])
def test_it_fits_a_terminal(core, width):
    text = terminal(document(replace(core, verdicts=(verdict(), SUPPORTED))), io.StringIO(), width)
    assert widest([text]) <= width


def test_what_separates_the_arms_stands_under_the_verdict_and_in_the_csv(core, rows_of):
    why = Separation(
        diagnostic="gradient_norm",
        moment="start",
        arm=0.004,
        reference=0.61,
        separation=-9.1,
        floored=False,
        separates=True,
        line="what separates them most: gradient norm at the start",
    )
    explained = replace(SUPPORTED, why=why)
    block, _, _ = shown(core, explained, verdict())
    assert block.lines == (("init", SUPPORTED.line), ("", why.line), ("head", verdict().line))
    rows = rows_of(replace(core, verdicts=(explained, verdict())), "verdicts")
    assert rows[0]["why"] == why.line
    assert (rows[0]["why_diagnostic"], rows[0]["why_separation"]) == ("gradient_norm.start", "-9.1")
    assert (rows[0]["why_separates"], rows[0]["why_floored"]) == ("True", "False")
    assert rows[1]["why"] == rows[1]["why_separates"] == ""


def test_what_does_not_separate_the_arms_has_no_numbers_in_the_csv(core, rows_of):
    why = Separation(
        diagnostic="gradient_norm",
        moment="start",
        arm=0.5,
        reference=0.6,
        separation=-0.1,
        floored=False,
        separates=False,
        line="none of the diagnostics separates the arms",
    )
    later = replace(SUPPORTED, claim=replace(SUPPORTED.claim, after=12))
    summary = replace(core, verdicts=(replace(SUPPORTED, why=why),), later=(later,))
    stated, exploratory = rows_of(summary, "verdicts")
    assert (stated["why"], stated["why_separates"]) == (why.line, "False")
    assert {stated[f"why_{x}"] for x in ("diagnostic", "arm", "reference", "separation", "floored")} == {""}
    assert (stated["family"], exploratory["family"]) == (str(SUPPORTED.family), "")
    assert (stated["after"], exploratory["after"]) == ("0", "12")


def test_claims_given_later_stand_apart_and_are_adjusted_for_nothing(core):
    claim = replace(SUPPORTED.claim, after=12)
    later = replace(SUPPORTED, claim=claim, line=f"exploratory: given after 12 trials; {SUPPORTED.line}")
    _, stated, family, block, evidence, *_ = document(replace(core, verdicts=(verdict(),), later=(later,)))
    assert (stated.lines, block.lines) == ((("head", verdict().line),), (("init", later.line),))
    assert (block.title, evidence.title) == (
        "Exploratory: given after the first trial",
        f"Exploratory evidence: {core.response}",
    )
    assert [row[0] for row in family.rows] == ["head: gap equivalent to fc"]
    assert not any("Holm" in column.name for column in evidence.columns)
    assert any("outside the family" in note for note in evidence.notes)
    assert not any("outside the family" in note for note in family.notes)


def test_claims_given_later_make_no_stated_ones(core):
    items = document(replace(core, later=(replace(SUPPORTED, claim=replace(SUPPORTED.claim, after=12)),)))
    assert "No claim was stated" in items[1].lines[0][1]
    assert items[2].title.startswith("Exploratory")
