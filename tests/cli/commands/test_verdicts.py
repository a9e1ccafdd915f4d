"""The verdicts of several studies, from disk."""

import json

import pytest

CLAIM = "study.claims=[{contrast: {hidden_activation: [tanh, relu]}, expect: equivalent, margin: 0.3}]"


@pytest.fixture
def two(ablate, tiny):
    """One study with a claim and one without."""
    assert ablate("run", *tiny, CLAIM, "+study.tags=[]", "replicates=5", "study.name=claimed").exit_code == 0
    assert ablate("run", *tiny, "study.name=silent").exit_code == 0


def test_all_that_have_results_are_shown(ablate, two, here):
    result = ablate("verdicts", "--format", "json")
    assert (result.exit_code, result.stderr) == (0, "")
    found = json.loads(result.stdout)
    assert [s["study"].partition("@")[0] for s in found] == ["claimed", "silent"]
    (verdict,) = found[0]["verdicts"]
    (directory,) = (here / "results").glob("claimed*")
    shown = json.loads(ablate("show", directory.name, "--format", "json").stdout)
    assert [verdict] == shown["verdicts"]


def test_a_terminal_gets_the_line_of_each(ablate, two):
    printed = " ".join(ablate("verdicts").stdout.split())
    assert "claimed" in printed
    assert "n = 5 paired" in printed
    assert "states no claim" in printed


def test_studies_are_named_in_any_order(ablate, two, here):
    names = [p.name for p in (here / "results").iterdir()]
    chosen = sorted(names, reverse=True)
    found = json.loads(ablate("verdicts", *chosen, "--format", "json").stdout)
    assert [s["study"] for s in found] == chosen


def test_studies_of_one_name_are_told_apart_by_their_directories(ablate, two, here, tiny):
    assert ablate("run", *tiny, "study.name=silent", "optimizer.lr=0.5").exit_code == 0
    found = json.loads(ablate("verdicts", "--format", "json").stdout)
    assert [s["study"] for s in found] == sorted(p.name for p in (here / "results").iterdir())
    assert len(found) == 3


def test_a_damaged_study_hides_no_other(ablate, two, here):
    (silent,) = (here / "results").glob("silent*")
    (silent / "study.yaml").write_text("")
    result = ablate("verdicts", "--format", "json")
    assert result.exit_code == 1
    assert silent.name in result.stderr
    assert [s["study"].partition("@")[0] for s in json.loads(result.stdout)] == ["claimed"]


def test_nothing_to_show_is_an_error_that_says_what_makes_it(ablate):
    result = ablate("verdicts")
    assert result.exit_code == 2
    assert "There are no results in results: 'ablate run' trains" in result.stderr
    assert ablate("verdicts", "haed").exit_code == 2
