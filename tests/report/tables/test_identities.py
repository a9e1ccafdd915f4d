"""The table of identities, and their lines among the verdicts."""

from dataclasses import replace

from ablate.analysis.claims.exactness import exactness
from ablate.identities import Identity
from ablate.report.document import document
from ablate.report.tables.identities import identities_table
from ablate.report.text.table import Block, Table

FOUND = tuple(
    exactness(identity)
    for identity in (
        Identity(statement="parameters", found=600, expected=600),
        Identity(statement="row sum", found=-1.2e-16, expected=0, tolerance=1e-12),
        Identity(statement="share", found=15.09, expected=15.1, tolerance=0.05, said=80, saying="it is 80%"),
        Identity(statement="broken", found=None, expected=1),
    )
)


def test_each_has_a_row(core):
    table = identities_table(replace(core, identities=FOUND))
    assert [column.name for column in table.columns] == [
        "identity", "found", "expected", "|difference|", "tolerance", "outcome",
    ]  # fmt: skip
    assert table.rows == (
        ("parameters", "600", "600", "0", "0", "holds"),
        ("row sum", "−1.2e−16", "0", "1.2e−16", "1e−12", "holds"),
        ("share", "15.09", "15.1", "0.01", "0.05", "holds"),
        ("broken", "–", "1", "–", "0", "fails"),
    )
    assert table.notes == ('share: "it is 80%" is said; that is false as said.',)


def test_they_stand_beside_verdicts_and_contrasts(core):
    items = document(replace(core, identities=FOUND, identities_by="torch 9"))
    study, verdicts = items[:2]
    assert isinstance(study, Block)
    assert dict(study.lines)["identities"] == "3 hold, 1 fails"
    assert isinstance(verdicts, Block)
    assert [label for label, _ in verdicts.lines][-4:] == ["holds", "holds", "holds", "fails"]
    assert "all contrasts are exploratory" in str(verdicts.lines[:-4])
    titles = [item.title for item in items]
    assert titles.index("Identities") < titles.index("Design points: test/accuracy")
    assert items[-1].lines[-1] == ("checked with", "torch 9")


def test_a_study_of_nothing_else_shows_nothing_else(core):
    alone = replace(core, points=(), contrasts=(), notes=(), design="", response="", identities=FOUND[:1])
    study, verdicts, table = document(alone)
    assert study.lines == (("question", core.question), ("identities", "1 holds"))
    assert verdicts.lines == (("holds", "parameters: 600"),)
    assert isinstance(table, Table)


def test_without_identities_nothing_is_said_of_them(core):
    assert "dentities" not in str([item.title for item in document(core)])
    assert "identities" not in dict(document(core)[0].lines)
