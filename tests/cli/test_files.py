"""Files of a user, damaged or something else: a message, never a bug, and no command without end."""

import os
from itertools import pairwise

import pytest


@pytest.fixture
def studied(ablate, here, tiny):
    assert ablate("run", *tiny).exit_code == 0
    (path,) = (here / "results").iterdir()
    return path


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/dev/zero")])
@pytest.mark.parametrize("command", [("run",), ("plan",), ("show", "STUDY"), ("verdicts", "STUDY")])
def test_something_in_the_place_of_study_yaml_is_named(ablate, studied, tiny, make, command):
    (studied / "study.yaml").unlink()
    make(studied / "study.yaml")
    words = [studied.name if word == "STUDY" else word for word in command]
    found = ablate(*words, *(tiny if len(command) == 1 else ()))
    assert found.exit_code == 2
    assert "study.yaml cannot be read: is a" in found.stderr


@pytest.mark.parametrize("name", ["costs.json", "summary.json"])
@pytest.mark.parametrize(
    "make",
    [os.mkfifo, os.mkdir, lambda path: path.write_bytes(b"\xff"), lambda path: path.write_bytes(b"[" * 100_000)],
    ids=["pipe", "directory", "no UTF-8", "bottomless"],
)
def test_what_can_be_made_again_keeps_nobody_from_an_answer(ablate, studied, tiny, name, make):
    (studied / name).unlink()
    make(studied / name)
    shown = ablate("show", studied.name)
    assert shown.exit_code == 0
    assert f"{name} is ignored" in shown.stderr
    assert ablate("show", studied.name, "--table", "trials").exit_code == 0
    ran = ablate("run", *tiny)
    assert ran.exit_code == 0
    assert f"set aside as {name}.damaged, and made again" in ran.stderr
    assert ablate("show", studied.name).stderr == ""


def test_a_claim_that_lost_its_study_does_not_pass_unseen(ablate, here, tiny):
    claim = "study.claims=[{contrast: {hidden_activation: [tanh, relu]}, expect: greater, margin: 0.0001}]"
    words = ("run", *tiny, "replicates=5", claim, "--fail-on", "inconclusive")
    assert ablate(*words).exit_code == 3
    (path,) = (here / "results").iterdir()
    (path / "study.yaml").unlink()
    found = ablate(*words)
    assert found.exit_code == 3
    assert "Exploratory" in found.stdout
    said = ablate("verdicts").stdout
    assert "stated no claim before its first trial: 1 claim given later, exploratory" in " ".join(said.split())


def test_more_trials_than_any_study_has_are_refused(refused, tiny):
    said = refused("plan", *tiny, "replicates=1000000")
    assert "2 design points × 1,000,000 replicates are 2,000,000 trials; the limit is 100,000" in said


def bomb(levels):
    """A list of ten entries, each the list of the level below."""
    names = "abcdefgh"[: levels + 1]
    lines = [f"a: &a [{', '.join('x' * 10)}]"]
    lines += [f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]" for old, new in pairwise(names)]
    return "\n".join(lines)


BAD = {
    "an alias bomb": (bomb(5), "more than 10,000 keys and values, with what aliases repeat"),
    "an alias of itself": ("a: &a [*a]", "stands inside of what it names"),
    "20 MB": ("# " + "x" * 20_000_000, "bytes; the limit is 262,144"),
    "too deep": ("a: " + "[" * 5000, "nested deeper than 50 levels"),
    "a byte order mark": ("\ufeff# @package _global_\nstudy: {name: bad}", "byte order mark (BOM): save it as UTF-8"),
    "a number of a page": ("a: " + "9" * 5000, "a value without quotes has 5,000 characters"),
}


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("group", ["study", "model"])
def test_a_file_that_would_take_for_ever_is_refused(refused, ablate, write, tiny, bad, group):
    content, says = BAD[bad]
    path = write(f"conf/{group}/bad.yaml", content)
    said = refused("plan", *(("bad",) if group == "study" else (*tiny, "model=bad")))
    assert says in said
    assert str(path) in said
    listed = ablate("list", "studies" if group == "study" else "models")
    assert listed.exit_code == 0
    assert "broken: " in listed.stdout


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_among_the_models_is_said(refused, here, tiny, make):
    (here / "conf/model").mkdir(parents=True)
    make(here / "conf/model/bad.yaml")
    assert "bad.yaml cannot be read: is a" in refused("plan", *tiny, "model=bad")


def test_a_date_is_text_as_it_is_to_hydra(ablate, write):
    write("conf/study/dated.yaml", "study: {name: dated, question: On 2026-99-99?}\nsince: 2026-99-99\n")
    assert "On 2026-99-99?" in ablate("list", "studies").stdout


@pytest.mark.parametrize("content", ["y: [1, 2]", "y: 1", "other: {}", "y: {levels: 3}", "- y", "y: {reference: a}"])
def test_a_bad_factor_is_listed_as_broken_and_the_others_are_shown(ablate, write, content):
    write("conf/factor/y.yaml", content)
    for words in (("list",), ("list", "factors")):
        found = ablate(*words)
        assert found.exit_code == 0
        (line,) = [line for line in found.stdout.splitlines() if line.startswith("y ")]
        assert "broken: " in line
        assert any(line.startswith("hidden_activation ") for line in found.stdout.splitlines())
