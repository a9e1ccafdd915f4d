"""Studies of identities on the command line: planned, evaluated, shown in every format; one that fails."""

import csv
import io
import json

import msgspec
import pytest

from ablate.analysis.summary import Summary
from ablate.config.search_path import packaged

EXACT = ("fc_as_conv", "lstm_units", "parameter_counts", "shared_weights", "softmax_dependence")
OWN = """
    from ablate.identities import Identity

    def double(*, of: float) -> list[Identity]:
        return [Identity(statement="twice", found=of + of, expected=2 * of), *wrong(of)]

    def wrong(of):
        return [Identity(statement="a square is its double", found=of * of, expected=2 * of, tolerance=0.5)]
"""
STUDY = """
    # @package _global_
    study:
      name: own
      question: Is a square its double?
      identities:
        - {{_target_: own.double, of: {of}}}
"""


@pytest.fixture
def own(write):
    """A study of an identity of one's own, which holds of 2 and fails of 3."""

    def of(number: float) -> None:
        write("own.py", OWN)
        write("conf/study/own.yaml", STUDY.format(of=number))

    return of


@pytest.mark.parametrize("name", EXACT)
def test_a_shipped_study_holds_and_trains_nothing(name, ablate, here):
    planned = ablate("plan", name)
    assert (planned.exit_code, planned.stderr) == (0, "")
    assert f"ablate.identities.{name}." in planned.stdout
    assert "nothing to train" in planned.stdout
    assert not list(here.iterdir())

    result = ablate("run", name)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "fails" not in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80
    study = here / "results" / name
    assert sorted(p.name for p in study.iterdir() if not p.name.startswith(".")) == [
        "identities.json", "study.yaml", "summary.json", "summary.md",
    ]  # fmt: skip
    assert ablate("show", name).stdout == result.stdout


def test_every_shipped_question_about_identities_is_short_and_listed(ablate):
    listed = ablate("list", "studies").stdout
    for name in EXACT:
        text = (packaged() / "study" / f"{name}.yaml").read_text(encoding="utf-8")
        (question,) = [line.partition(": ")[2] for line in text.splitlines() if line.startswith("  question:")]
        assert len(question) <= 62
        assert f"{name} " in listed


def test_every_format_shows_them_and_run_and_show_agree(ablate, here):
    shown = {}
    for format in ("table", "json", "csv", "markdown", "latex"):
        ran = ablate("run", "parameter_counts", "--format", format)
        shown[format] = ablate("show", "parameter_counts", "--format", format).stdout
        assert ran.stdout == shown[format]
    summary = msgspec.json.decode(shown["json"], type=Summary)
    assert [exact.identity.found for exact in summary.identities][:4] == [4320, 10, 78, 138_357_544]
    assert [exact["holds"] for exact in json.loads(shown["json"])["identities"]] == [True] * 6
    rows = list(csv.DictReader(io.StringIO(shown["csv"]), strict=True))
    assert [row["holds"] for row in rows] == ["True"] * 6
    assert [row["true_as_said"] for row in rows] == ["", "", "", "", "False", ""]
    assert float(rows[4]["found"]) == pytest.approx(15.09, abs=0.005)
    said = '"the last two layers hold 80% of the parameters" is false as said'
    for format in ("table", "markdown"):
        assert said in " ".join(shown[format].split())
    assert said.replace("%", r"\%") in shown["latex"]
    assert shown["markdown"] == (here / "results/parameter_counts/summary.md").read_text()


def test_one_that_does_not_hold_is_1_and_says_which(ablate, own, here):
    own(3)
    result = ablate("run", "own")
    assert result.exit_code == 1
    assert "Traceback" not in result.stderr
    said = " ".join(result.stderr.split())
    assert said == (
        "Error: An identity does not hold. a square is its double: 9, where 6 is expected (difference 3 > 0.5)."
    )
    assert "1 holds, 1 fails" in result.stdout
    assert ablate("show", "own").exit_code == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("statement=3, found=1.0", "statement is 3, an int. It must be text"),
        ('statement="s", saying=None, found=2.0', "saying is None, a NoneType. It must be text, and '' where"),
        ('statement=" ", found=1.0', "an identity has an empty statement"),
        ('statement="\\ud800", found=1.0', "cannot be written as UTF-8: surrogates not allowed"),
        ('statement="s", found=10**400', "found is an int that is not a finite number"),
    ],
)
def test_an_identity_that_no_file_can_hold_is_refused(words, says, refused, write):
    write("own.py", f"from ablate.identities import Identity\ndef one():\n    return [Identity({words}, expected=1.0)]")
    write("conf/study/own.yaml", STUDY.replace("double, of: {of}", "one").format())
    assert says in " ".join(refused("run", "own").split())


def test_control_characters_reach_no_table(ablate, write):
    words = 'statement="red\\x1b[31m\\x00 in\\ntwo lines", saying="\\x07bell", said=2.0, found=1.0'
    write("own.py", f"from ablate.identities import Identity\ndef one():\n    return [Identity({words}, expected=1.0)]")
    write("conf/study/own.yaml", STUDY.replace("double, of: {of}", "one").format())
    for format in ("table", "json", "csv", "markdown", "latex"):
        shown = ablate("run", "own", "--format", format).stdout
        assert not set(shown) & {"\x1b", "\x00", "\x07"}
    assert r"red\x1b[31m\x00 in two lines" in " ".join(ablate("show", "own").stdout.split())


def test_a_run_of_which_the_identities_are_lost_does_not_pass(ablate, own, monkeypatch):
    from ablate.store import IdentityResults

    own(2)
    monkeypatch.setattr(IdentityResults, "encode", lambda self: b"{")
    result = ablate("run", "own")
    assert (result.exit_code, result.stdout) == (1, "")  # study.yaml is there: 2 would say that nothing is
    assert "identities.json cannot be read" in " ".join(result.stderr.split())


def test_it_is_evaluated_at_each_run(ablate, own, here):
    own(3)
    assert ablate("run", "own").exit_code == 1
    own(2)
    assert ablate("run", "own").exit_code == 0
    assert "fails" not in ablate("show", "own").stdout
    assert "added identities as they are now" in (here / "results/own/study.yaml").read_text()


def test_a_wrong_target_writes_nothing(refused, own):
    own(2)
    said = refused("run", "own", "study.identities.0._target_=own.doubled")
    assert "study.identities[0]._target_" in said
    assert "Did you mean 'double'?" in said
    assert "does not fit" in refused("plan", "own", "study.identities.0.of=three")


def test_showing_without_the_summary_or_without_what_was_found(ablate, own, here):
    own(2)
    ran = ablate("run", "own")
    (here / "results/own/summary.json").unlink()
    assert ablate("show", "own").stdout == ran.stdout
    (here / "results/own/identities.json").write_text("{")
    shown = ablate("show", "own")
    assert shown.exit_code == 1, "a study of which nothing can be shown has not passed"
    assert "0 design points" not in shown.stdout
    assert "identities.json cannot be read" in " ".join(shown.stderr.split())
    assert ablate("run", "own").stdout == ran.stdout


def test_beside_factors_both_are_done(ablate, tiny, own, here):
    own(3)
    words = (*tiny, "study.identities=[{_target_: own.double, of: 3}]")
    planned = ablate("plan", *words).stdout
    assert "own.double" in planned
    assert "4: 0 finished, 4 to train" in planned
    result = ablate("run", *words, "--format", "json")
    assert result.exit_code == 1
    summary = json.loads(result.stdout)
    assert (summary["complete"], [exact["holds"] for exact in summary["identities"]]) == (4, [True, False])
    again = ablate("run", *words)
    assert "trials" not in again.stderr, "the identities are evaluated again, the trials are not"
    assert "hidden_activation: tanh vs relu" in again.stdout
    assert again.exit_code == 1
