"""`ablate verify`: a line for each file that is not as it was written."""

import json
import re
import zipfile
from dataclasses import replace

import pytest

from ablate.store import StudyDirectory
from ablate.store.encoding import encode
from tests.cli.conftest import contents


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


@pytest.fixture
def logged(ablate, here, tiny):
    """A study that trained with a logger, so that each trial trained alone, as it does again."""
    done = ablate("run", *tiny, "logger=csv", "trainer.max_loss=inf", "--results-dir", here / "logged")
    assert done.exit_code == 0, done.output
    (path,) = (here / "logged").iterdir()
    return path


def test_a_sample_that_is_trained_again(ablate, logged):
    before = contents(logged)
    found = ablate("verify", logged, "--retrain", 2)
    assert found.exit_code == 0, found.output
    assert "Trained again: 2 trials of" in found.stdout
    assert "2 equal. Equal: every response, to the last bit." in found.stdout
    assert "Training 2 of 4 complete trials" in found.stderr
    assert contents(logged) == before, "nothing is written, by a logger either"
    trials = [
        [one["id"] for one in json.loads(ablate(*words, "--format", "json").stdout)["retrained"][str(logged)]]
        for words in (("verify", logged, "--retrain", 2), ("verify", logged, "--retrain", 2, "--seed", 1))
    ]
    assert trials[0] == sorted(re.findall(r"^[0-9a-f]{12}\b", found.stdout, re.MULTILINE))
    assert trials[0] != trials[1]


def test_a_record_that_does_not_come_out_again(ablate, logged):
    directory = StudyDirectory(logged)
    for record in directory.contents().records.values():
        wrong = replace(record, responses={**record.responses, "test/accuracy": 0.987})
        directory.record_path(record.id).write_bytes(encode(wrong))
    found = ablate("verify", logged, "--retrain", 100)
    assert found.exit_code == 1
    assert "all are as they were written" in found.stdout, "a checksum does not help against who computes it"
    assert "4 differs" in found.stdout
    assert "Code, versions, device and threads are as recorded, and the response differs all the same" in " ".join(
        found.stdout.split()
    )
    assert "0.987" in found.stdout
    assert "Tolerance of test/accuracy: 0.05." in found.stdout, "one of 20 test examples"
    wide = ablate("verify", logged, "--retrain", 1, "--tolerance", 1, "--format", "json")
    assert wide.exit_code == 0
    (one,) = json.loads(wide.stdout)["retrained"][str(logged)]
    assert (one["agreement"], one["tolerance"], one["before"]) == ("within tolerance", 1.0, 0.987)


def test_what_cannot_be_trained_again(ablate, refused, study):
    assert "--retrain needs the names of studies" in refused("verify", "--retrain", "2")
    assert "it must be 1 or more" in refused("verify", study, "--retrain", "0")
    assert "go with --retrain N" in refused("verify", study, "--seed", "1")
    assert "--tolerance -1 must be 0 or more" in refused("verify", study, "--retrain", "1", "--tolerance", "-1")
    directory = StudyDirectory(study)
    frozen = directory.frozen()
    seconds = replace(frozen.spec.response, name="train/seconds", trivial=None)
    directory.freeze(replace(frozen, spec=replace(frozen.spec, response=seconds)))
    timed = ablate("verify", study, "--retrain", 1)
    assert timed.exit_code == 2
    assert "no training takes the same time twice. Give --tolerance" in timed.stderr
    directory.freeze(frozen)
    for record in directory.contents().records.values():
        directory.write_record(replace(record, state="diverged"))
    found = ablate("verify", study, "--retrain", 1)
    assert found.exit_code == 2
    assert "has no trial that is complete" in found.stderr


@pytest.fixture(params=["mine.tar.gz", "mine.zip"])
def archive(ablate, here, logged, request):
    assert ablate("export", logged, request.param).exit_code == 0
    return here / request.param


def test_an_archive_is_checked_and_trained_again(ablate, here, archive):
    before = contents(here)
    found = ablate("verify", archive.name, "--retrain", 1)
    assert found.exit_code == 0, found.output
    assert "files of 1 study checked: all are as they were written." in found.stdout
    assert "1 equal. Equal: every response" in found.stdout
    assert f"Training 1 of 4 complete trials of {archive.name} again" in found.stderr
    assert contents(here) == before, "it is unpacked elsewhere"
    data = json.loads(ablate("verify", archive.name, "--format", "json").stdout)
    assert (data["studies"], data["problems"]) == ([archive.name], [])


@pytest.mark.parametrize("archive", ["mine.zip"], indirect=True)
def test_an_archive_that_is_not_as_it_was_packed_is_not_trained(ablate, here, archive):
    """Its files are packed again, by other hands: one changed, one left out, and one more."""
    with zipfile.ZipFile(archive) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    records = [name for name in files if name.endswith("record.json")]
    files[records[0]] = files[records[0]].replace(b'"complete"', b'"diverged"')
    del files[records[1]]
    folder = records[0].partition("/")[0]
    with zipfile.ZipFile(archive, "w") as packed:
        for name, content in {**files, f"{folder}/extra": b""}.items():
            packed.writestr(name, content)
    found = ablate("verify", archive.name, "--retrain", 1)
    assert (found.exit_code, found.stderr) == (
        1,
        f"Note: {archive.name} is not as it was written: none of its trials is trained again.\n",
    )
    below = f"{archive.name}/trials"
    inside = [name.removeprefix(f"{folder}/trials") for name in records[:2]]
    lines = found.stdout.splitlines()
    assert sorted(lines[:-1]) == sorted(
        [
            f"{archive.name}/extra: it is in the archive, and not in its list. Ask for the archive again.",
            f"{below}{inside[0]}: its checksum is not that of the archive's list. Ask for the archive again.",
            f"{below}{inside[1]}: it is in the archive's list, and not in the archive. Ask for the archive again.",
        ]
    )
    assert lines[-1].endswith("checked: 3 not as written.")


def test_an_archive_that_cannot_be_read_is_refused_in_a_sentence(refused, here):
    assert "There is no archive mine.zip" in refused("verify", "mine.zip")
    (here / "mine.tar.gz").write_bytes(b"mine")
    assert "is damaged or cut off, or no archive" in " ".join(refused("verify", "mine.tar.gz").split())
