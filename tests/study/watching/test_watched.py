import os
import shutil
import socket
import subprocess

import msgspec
import pytest

from ablate.config.spec import Claim
from ablate.errors import StoreError
from ablate.store import Lock, StudyDirectory
from ablate.store.lock import HOLDER, Holder
from ablate.store.scheduled import SCHEDULED, discard_scheduled, write_scheduled
from ablate.study.watching.watched import Watched

EVERY = [(width, replicate) for width in ("4", "8") for replicate in range(3)]


def keys(status):
    return [(dict(ended.key[0])["width"], ended.key[1], ended.state, ended.value) for ended in status.ended]


def schedule(folder, bundles, *, at, workers=2, seconds=60.0):
    write_scheduled(folder.directory, bundles, workers=workers, seconds=seconds)
    os.utime(folder.directory.path / SCHEDULED, (at, at))


def test_only_what_has_changed_is_read_again(folder, monkeypatch):
    folder.end("8", 0, at=1002.0, value=0.8)
    folder.end("4", 0, at=1001.0)
    watched = Watched(folder.directory.path)
    first = watched.read()
    assert first.is_reset
    assert keys(first) == [("4", 0, "complete", 0.5), ("8", 0, "complete", 0.8)], "in the order in which they ended"
    assert [ended.at for ended in first.ended] == [1001.0, 1002.0]
    assert [dict(point.levels) for point in first.points] == [{"width": "4"}, {"width": "8"}]
    read: list[str] = []
    from ablate import files

    original = files.read
    monkeypatch.setattr(files, "read", lambda path, **rest: (read.append(path.name), original(path, **rest))[1])
    again = watched.read()
    assert (again.is_reset, keys(again), "record.json" in read) == (False, [], False)
    folder.end("4", 1, at=1003.0, state="diverged", value=None)
    assert keys(watched.read()) == [("4", 1, "diverged", None)]
    assert read.count("record.json") == 1


def test_it_is_over_when_every_trial_has_a_result(folder):
    for width, replicate in EVERY[:-1]:
        folder.end(width, replicate)
    watched = Watched(folder.directory.path)
    assert not watched.read().is_over
    folder.end(*EVERY[-1])
    assert watched.read().is_over
    folder.freeze(replicates=4)
    extended = watched.read()
    assert (extended.is_reset, extended.is_over, len(extended.ended)) == (True, False, 6)


def test_failed_trials_end_it_once_no_driver_holds_it(folder):
    for width, replicate in EVERY:
        folder.end(width, replicate, state="failed" if replicate == 2 else "complete")
    watched = Watched(folder.directory.path)
    with Lock(folder.directory.path):
        status = watched.read()
        assert not status.is_over
        assert status.driver.pid == os.getpid()
    status = watched.read()
    assert (status.is_over, status.driver) == (True, None)


def test_what_is_scheduled_is_read_with_its_time(folder, bundles):
    schedule(folder, bundles([("4", 0), ("8", 0)], [("4", 1)]), at=900.0)
    watched = Watched(folder.directory.path)
    queue = watched.read().queue
    assert (queue.at, queue.workers, queue.seconds) == (900.0, 2, 60.0)
    assert [[(dict(levels)["width"], r) for levels, r in bundle] for bundle in queue.bundles] == [
        [("4", 0), ("8", 0)],
        [("4", 1)],
    ]
    folder.end("4", 0)
    assert not watched.read().is_reset
    schedule(folder, bundles([("8", 1)]), at=950.0)
    again = watched.read()
    assert (again.is_reset, len(again.ended), len(again.queue.bundles)) == (True, 1, 1)
    discard_scheduled(folder.directory)
    assert watched.read().queue is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"schema": 1}', b"\xff"])
def test_a_damaged_schedule_counts_as_none(folder, content):
    (folder.directory.path / SCHEDULED).write_bytes(content)
    assert Watched(folder.directory.path).read().queue is None


def test_a_schedule_that_names_no_design_point_counts_as_none(folder, bundles):
    schedule(folder, bundles([("4", 0)]), at=900.0)
    path = folder.directory.path / SCHEDULED
    content = msgspec.json.decode(path.read_bytes())
    del content["checksum"]
    from ablate.store.seal import checksum

    content["bundles"] = [[[7, 0]]]
    path.write_bytes(msgspec.json.encode({"checksum": checksum(content), **content}))
    assert Watched(folder.directory.path).read().queue is None


def test_a_record_that_cannot_be_read_is_counted_until_it_can(folder):
    path = folder.end("4", 0)
    whole = path.read_bytes()
    path.write_bytes(whole[:100])
    watched = Watched(folder.directory.path)
    for _ in range(2):
        status = watched.read()
        assert (status.unreadable, [*status.ended][:0], len(status.ended)) == (1, [], 0)
    path.write_bytes(whole)
    status = watched.read()
    assert (status.unreadable, len(status.ended)) == (0, 1)
    path.unlink()
    path.mkdir()
    assert watched.read().unreadable == 1


def test_a_record_that_goes_away_is_counted_no_longer(folder):
    folder.end("4", 0)
    gone = folder.end("4", 1)
    watched = Watched(folder.directory.path)
    assert len(watched.read().ended) == 2
    shutil.rmtree(gone.parent)
    status = watched.read()
    assert (status.is_reset, keys(status)) == (True, [("4", 0, "complete", 0.5)])


def test_of_two_records_of_one_trial_the_later_counts_and_strangers_do_not(folder):
    folder.end("4", 0, value=0.7)
    folder.end("4", 0, value=0.1, started="2025-01-01T00:00:00+00:00", at=2000.0)
    folder.end("16", 0)
    folder.end("4", 9)
    watched = Watched(folder.directory.path)
    assert keys(watched.read()) == [("4", 0, "complete", 0.7)]
    folder.end("4", 0, value=0.2, started="2025-01-01T00:00:00+00:00", at=3000.0)
    assert keys(watched.read()) == [], "an older training that is written again is still the older one"


def test_a_driver_that_was_killed_is_known_on_its_machine_only(folder):
    with subprocess.Popen(["true"]) as process:
        process.wait()
    for host, has_died in ((socket.gethostname(), True), ("elsewhere", False)):
        said = Holder(pid=process.pid, host=host, since="2026-01-01T00:00:00+00:00")
        (folder.directory.path / HOLDER).write_bytes(msgspec.json.encode(said))
        driver = Watched(folder.directory.path).read().driver
        assert (driver.pid, driver.has_died) == (process.pid, has_died)


def test_tuning_trials_are_counted_by_rung(folder, bundles):
    tuning = StudyDirectory(folder.directory.path / "tuning")
    write_scheduled(tuning, bundles([("4", 0), ("4", 1)], [("8", 0)]), workers=1, seconds=None)
    os.utime(tuning.path / SCHEDULED, (900.0, 900.0))
    watched = Watched(folder.directory.path)
    assert watched.read().tuning == (0, 3)
    for name, at in (("before", 800.0), ("now", 1000.0)):
        record = tuning.record_path(name)
        record.parent.mkdir(parents=True)
        record.touch()
        os.utime(record, (at, at))
    assert watched.read().tuning == (1, 3)


def test_a_study_that_stops_early_is_over_when_nothing_more_is_asked_for(folder):
    claim = Claim(contrast={"width": ("8", "4")}, expect="greater", margin=0.01)
    folder.freeze(replicates=30, looks=(10, 30), claims=(claim,))
    watched = Watched(folder.directory.path)
    for replicate in range(10):
        folder.end("4", replicate, value=0.1 + replicate / 1000)
        assert not watched.read().is_over
        folder.end("8", replicate, value=0.9 + replicate * 7 % 10 / 1000)
    assert watched.read().is_over
    with Lock(folder.directory.path):
        assert not watched.read().is_over, "its driver decides"


def test_no_study_is_an_error(tmp_path, folder):
    with pytest.raises(StoreError, match="There is no study in"):
        Watched(tmp_path / "none").read()
    watched = Watched(folder.directory.path)
    watched.read()
    shutil.rmtree(folder.directory.path)
    with pytest.raises(StoreError, match="There is no study in"):
        watched.read()
