"""Files of trials that are sent from a disk that the driver does not see."""

from dataclasses import replace

import pytest

from ablate.errors import StoreError
from ablate.execute.engines.ray.trial_files import read_trials, write_trials
from ablate.store import StudyDirectory


def test_all_files_are_sent_those_of_loggers_included(make_engine, make_job, place):
    job = make_job()
    (records,) = make_engine("inline").run([job])
    folder = StudyDirectory(place / "study").trial(records[0].id)
    (folder / "events").mkdir()
    (folder / "events" / "one").write_bytes(b"\0\1")
    write_trials(read_trials(job), place / "elsewhere")
    there = StudyDirectory(place / "elsewhere")
    assert there.record(records[0].id) == records[0]
    assert [*there.damaged_files(there.record(records[0].id))] == []
    contents = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    other = there.trial(records[0].id)
    assert {path.relative_to(other): path.read_bytes() for path in other.rglob("*") if path.is_file()} == contents


def test_a_trial_without_a_record_is_not_sent(make_job):
    assert read_trials(make_job()) == ()


@pytest.mark.parametrize("name", ["/etc/passwd", "../other/record.json", "a/../../b"])
def test_no_file_leaves_the_folder_of_its_trial(make_engine, make_job, place, name):
    job = make_job()
    list(make_engine("inline").run([job]))
    (trial,) = read_trials(job)
    with pytest.raises(StoreError, match="not in the folder of its trial"):
        write_trials([replace(trial, files={**trial.files, name: b""})], place / "elsewhere")
    assert not (place / "elsewhere" / "trials" / trial.record.id / "record.json").exists()
