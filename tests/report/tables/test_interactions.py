from dataclasses import replace

import pytest

from ablate.analysis.summary import Interaction
from ablate.report.document import document
from ablate.report.text.number import PAD

NOTE = "head and init interact (q = 0.026): its main effect alone misleads. Read the simple effects."
FROM, TO = {"head": "fc", "init": "he"}, {"head": "gap", "init": "naive"}


@pytest.fixture
def crossed(core, compare):
    """Two pairs of factors, of which one interacts."""
    crossing = compare((0.5, 0.6, 0.7, 0.8, 0.8), (0.6, 0.8, 0.8, 0.9, 1.0), TO, FROM, kind="interaction")
    simple = tuple(
        compare((0.5, 0.6, 0.7, 0.8, 0.9), reference, {"head": "gap"}, {"head": "fc"}, {"init": level}, kind="simple")
        for level, reference in (("he", (0.5, 0.5, 0.8, 0.8, 0.9)), ("naive", (0.7, 0.9, 0.9, 0.9, 1.1)))
    )
    notable = Interaction(
        factors=("head", "init"), contrasts=(crossing,), q=(0.026,), notable=True, simple=simple, note=NOTE
    )
    flat = Interaction(
        factors=("head", "skip_span"), contrasts=(crossing,), q=(0.3,), notable=False, simple=(), note=""
    )
    return replace(core, interactions=(notable, flat))


def titled(summary, start):
    return [item for item in document(summary) if item.title.startswith(start)]


def test_every_pair_is_listed_with_its_exploratory_q(crossed):
    (table,) = titled(crossed, "Interactions")
    assert [column.heading for column in table.columns][-2:] == ["q, exploratory", "notable"]
    rows = [tuple(cell.replace(PAD, "") for cell in row) for row in table.rows]
    assert [(row[0], *row[-2:]) for row in rows] == [
        ("head × init", "0.0260", "yes"),
        ("head × skip_span", "0.3000", "no"),
    ]
    # By hand: differences −.1 −.2 −.1 −.1 −.2, mean −.14, SD .0548, t(4) 2.776.
    assert rows[0][2].startswith("−0.140 [−0.208, −0.072")
    assert any("over the 2 interactions of the study" in note for note in table.notes)


def test_simple_effects_follow_only_where_factors_interact(crossed):
    (table,) = titled(crossed, "Simple effects")
    assert table.title == "Simple effects: test/accuracy"
    assert table.caption[0].startswith("These factors interact: head × init (q 0.0260). ")
    assert [row[:2] for row in table.rows] == [("head: gap vs fc", "init=he"), ("head: gap vs fc", "init=naive")]
    assert not any(column.name.startswith("p") for column in table.columns)


def test_main_effects_say_that_they_alone_mislead(crossed, core):
    said = "Factors interact, so that their main effects alone mislead: head × init. Read the simple effects."
    assert said in titled(crossed, "Main effects")[0].notes
    assert "mislead" not in str(document(core))


def test_where_a_fraction_aliases_the_effects_the_note_stands_below_and_says_may(crossed):
    first, second = crossed.interactions
    aliased = replace(first, simple=(), note="head·init = −skip_span·act is not negligible")
    summary = replace(crossed, interactions=(aliased, second))
    assert not titled(summary, "Simple effects")
    assert aliased.note in titled(summary, "Interactions")[0].notes
    assert any("may mislead" in note and "head × init" in note for note in titled(summary, "Main effects")[0].notes)


def test_below_five_there_is_no_q(crossed, compare, rows_of):
    # Even where a summary had one.
    few = compare((0.5, 0.6, 0.8), (0.6, 0.8, 0.9), TO, FROM, kind="interaction")
    unjudged = replace(crossed.interactions[0], contrasts=(few,), notable=None, simple=(), note="")
    summary = replace(crossed, interactions=(unjudged,))
    (table,) = titled(summary, "Interactions")
    assert "q, exploratory" not in [column.name for column in table.columns]
    assert table.rows[0][-1] == "not judged"
    assert [row["q"] for row in rows_of(summary, "interactions")] == [""]


def test_the_csv_has_no_wins_of_an_interaction(crossed, rows_of):
    interactions = rows_of(crossed, "interactions")
    assert [(row["interaction"], row["q"], row["notable"]) for row in interactions] == [
        ("head × init", "0.026", "True"),
        ("head × skip_span", "0.3", "False"),
    ]
    assert not any("wins" in column or "better" in column for column in interactions[0])
    simple = rows_of(crossed, "simple")
    assert [(row["factor"], row["level"], row["reference"], row["held"], row["difference_wins"]) for row in simple] == [
        ("head", "gap", "fc", "init=he", "1"),
        ("head", "gap", "fc", "init=naive", "0"),
    ]


def test_what_a_fraction_aliases_is_said_once(crossed):
    first, second = crossed.interactions
    chained = tuple(replace(c, aliases="head·init = −act·skip_span") for c in first.contrasts)
    summary = replace(crossed, interactions=(replace(first, contrasts=chained), second))
    said = "The fraction confounds these effects: head·init = −act·skip_span."
    assert titled(summary, "Interactions")[0].notes.count(said) == 1
