"""`ablate clean`: what it removes, what it leaves, and that it asks."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ablate.cli.app import app
from ablate.store import Lock, StudyDirectory
from ablate.study import uncounted
from tests.cli.conftest import contents


@pytest.fixture
def study(ablate, here, tiny):
    """A study of 2 × 2 trials, of which one failed."""
    assert ablate("run", *tiny).exit_code == 0
    (path,) = (here / "results").iterdir()
    directory = StudyDirectory(path)
    failed = next(r for r in directory.contents().records.values() if r.replicate == 0)
    directory.write_record(replace(failed, state="failed", error="it broke"), traceback="Traceback")
    (directory.trial(failed.id) / "log").mkdir()
    (directory.trial(failed.id) / "log" / "events").write_text("x")
    return directory


def answer(text, *words):
    return CliRunner().invoke(app, ["clean", *words], input=text)


def test_a_failed_trial_goes_after_a_yes_and_is_trained_again(ablate, here, study, tiny):
    (failed,) = (r.id for r in study.contents().records.values() if r.state == "failed")
    before = contents(here)
    for text in ("n\n", "\n", "what\n"):
        kept = answer(text)
        assert (kept.exit_code, kept.stdout.splitlines()[-1]) == (0, "Nothing was removed.")
        assert "Remove 1 trial with all files in their folders? [y/N]" in kept.stderr
        assert contents(here) == before
    done = answer("y\n", study.path.name)
    assert done.exit_code == 0
    assert f"results/{study.path.name}: 1 trial, failed (" in done.stdout
    assert done.stdout.endswith("1 trial removed.\n")
    gone = {name for name in before if failed in name}
    left = {name: content for name, content in contents(here).items() if ".lock" not in name}
    assert left == {name: content for name, content in before.items() if name not in gone and ".lock" not in name}
    shown = json.loads(ablate("show", study.path.name, "--format", "json").stdout)
    assert (shown["complete"], shown["failed"], shown["missing"]) == (3, 0, 1)
    assert ablate("clean").stdout.startswith("Nothing to remove: no trial failed")
    assert ablate("run", *tiny).exit_code == 0
    assert {r.state for r in study.contents().records.values()} == {"complete"}


def test_a_file_that_a_run_removes_meanwhile_is_no_error(study, monkeypatch):
    (whole,) = uncounted(study.path)
    lstat = Path.lstat

    def removed(path):
        if path.name == "events":
            raise FileNotFoundError(path)
        return lstat(path)

    monkeypatch.setattr(Path, "lstat", removed)
    (found,) = uncounted(study.path)
    assert found.bytes == whole.bytes - 1


def test_trials_that_the_frozen_study_does_not_name(ablate, study):
    frozen = study.frozen()
    study.freeze(replace(frozen, spec=replace(frozen.spec, replicates=1)))
    done = ablate("clean", "--yes")
    assert done.exit_code == 0, done.output
    assert "2 trials, of design points or replicates that study.yaml does not name" in done.stdout
    assert "3 trials removed." in done.stdout
    assert [(r.replicate, r.state) for r in study.contents().records.values()] == [(0, "complete")]


def test_results_stay_whatever_their_state(ablate, study):
    for state, record in zip(
        ("diverged", "timed_out", "complete", "complete"), study.contents().records.values(), strict=True
    ):
        study.write_record(replace(record, state=state))
    before = study.digest()
    assert ablate("clean", "--yes").stdout.startswith("Nothing to remove")
    assert study.digest() == before


def test_nothing_is_removed_without_an_answer_or_of_a_study_that_is_held_or_unknown(refused, ablate, study, here):
    assert "there is no answer on standard input. Add --yes" in " ".join(answer("").stderr.split())
    assert answer("").exit_code == 2
    with Lock(study.path):
        before = study.digest()
        held = ablate("clean", "--yes")
        assert held.exit_code == 1
        assert "is held by another driver" in held.stderr
        assert study.digest() == before
    assert "Did you mean" in refused("clean", "smok")
    (study.path / "study.yaml").unlink()
    lost = ablate("clean", "--yes")
    assert (lost.exit_code, study.digest()) == (1, before)
    assert "There is no study in" in lost.stderr


def test_a_link_in_place_of_a_trials_folder_is_not_followed(ablate, study, here):
    (failed,) = (r.id for r in study.contents().records.values() if r.state == "failed")
    study.trial(failed).rename(here / "elsewhere")
    study.trial(failed).symlink_to(here / "elsewhere")
    done = ablate("clean", "--yes")
    assert done.exit_code == 1
    assert "is a symbolic link" in done.stderr
    assert (here / "elsewhere" / "record.json").is_file()
