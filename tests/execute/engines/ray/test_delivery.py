"""Files of a trial that come from a disk which the driver does not see."""

from dataclasses import replace

import pytest

from ablate.errors import StoreError
from ablate.execute.engines.ray.delivery import packed, unpack
from ablate.store import StudyDirectory


def test_what_is_packed_is_unpacked_with_the_files_of_loggers(make_engine, make_job, place):
    job = make_job()
    (records,) = make_engine("inline").run([job])
    folder = StudyDirectory(place / "study").trial(records[0].id)
    (folder / "events").mkdir()
    (folder / "events" / "one").write_bytes(b"\0\1")
    unpack(packed(job), place / "elsewhere")
    there = StudyDirectory(place / "elsewhere")
    assert there.record(records[0].id) == records[0]
    assert [*there.beside(there.record(records[0].id))] == []
    contents = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    other = there.trial(records[0].id)
    assert {path.relative_to(other): path.read_bytes() for path in other.rglob("*") if path.is_file()} == contents


def test_a_trial_without_a_record_is_not_packed(make_job):
    assert packed(make_job()) == ()


@pytest.mark.parametrize("name", ["/etc/passwd", "../other/record.json", "a/../../b"])
def test_no_file_leaves_the_folder_of_its_trial(make_engine, make_job, place, name):
    job = make_job()
    list(make_engine("inline").run([job]))
    (delivery,) = packed(job)
    with pytest.raises(StoreError, match="not in the folder of its trial"):
        unpack([replace(delivery, files={**delivery.files, name: b""})], place / "elsewhere")
    assert not (place / "elsewhere" / "trials" / delivery.record.id / "record.json").exists()
