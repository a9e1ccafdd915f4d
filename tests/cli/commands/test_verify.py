"""`ablate verify`: a line for each file that is not as it was written."""

import json

import pytest


@pytest.fixture
def study(ablate, here, tiny):
    assert ablate("run", *tiny).exit_code == 0
    (path,) = (here / "results").iterdir()
    return path


def test_files_that_are_as_they_were_written(ablate, study):
    for words in ((), (study.name,), ("--files", study)):
        found = ablate("verify", *words)
        assert (found.exit_code, found.stderr) == (0, "")
        # study.yaml, costs.json, starts.json, summary.json; record, curve and diagnostics of 4 trials
        assert found.stdout == "16 files of 1 study checked: all are as they were written.\n"


def test_files_that_are_not(ablate, study):
    record = sorted(study.glob("trials/*/record.json"))[0]
    record.write_bytes(record.read_bytes().replace(b'"complete"', b'"diverged"'))
    (study / "summary.json").write_bytes(b"\xff")
    before = {path: path.read_bytes() for path in study.rglob("*") if path.is_file()}
    found = ablate("verify")
    assert found.exit_code == 1
    lines = found.stdout.splitlines()
    assert [line.partition(": ")[0] for line in lines[:-1]] == [
        str(path.relative_to(study.parent.parent)) for path in (record, study / "summary.json")
    ]
    assert "checksum is of another content" in lines[0]
    assert lines[0].endswith("'ablate run' sets it aside and trains the trial again.")
    assert lines[1].endswith("'ablate run' makes it again.")
    assert lines[-1].endswith("of 1 study checked: 2 not as written.")
    data = json.loads(ablate("verify", "--format", "json").stdout)
    assert [row["file"] for row in data["problems"]] == [line.partition(": ")[0] for line in lines[:-1]]
    assert {path: path.read_bytes() for path in study.rglob("*") if path.is_file()} == before, "nothing is written"


def test_records_without_their_study_are_found(ablate, study):
    (study / "study.yaml").unlink()
    for words in ((), (study.name,)):
        found = ablate("verify", *words)
        assert found.exit_code == 1
        assert "study.yaml: it is not there. Restore it" in found.stdout
    shown = ablate("show", study.name)
    assert shown.exit_code == 2
    assert "Restore it: without it, 'ablate run' freezes the study anew" in shown.stderr


def test_where_there_is_nothing(refused):
    assert "There are no results in results" in refused("verify")
    assert "Unknown study 'smok'" in refused("verify", "smok")
