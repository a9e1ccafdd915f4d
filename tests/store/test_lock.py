import json
import os
import re
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from ablate.errors import StoreError
from ablate.store import Lock

HOLD = """if True:
    import sys
    from pathlib import Path
    from ablate.store import Lock
    lock = Lock(Path(sys.argv[1]))
    lock.acquire()
    print("held", flush=True)
    sys.stdin.read()
"""
"""Holds a study until it is killed, or this process has ended."""


@pytest.fixture
def holder(tmp_path):
    """Another driver, which holds the study."""
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


@pytest.fixture
def began():
    """When the test began, in whole seconds, as a holder says it; asked for before the holder."""
    return datetime.now(UTC).replace(microsecond=0)


def test_a_second_driver_is_told_who_holds_the_study_and_since_when(tmp_path, began, holder):
    with pytest.raises(StoreError) as caught:
        Lock(tmp_path).acquire()
    said = re.search(r"held by another driver \(process (\d+) on (\S+), since (\S+)\)", str(caught.value))
    assert said is not None
    assert int(said[1]) == holder.pid
    assert said[2] == os.uname().nodename
    assert began <= datetime.fromisoformat(said[3]) <= datetime.now(UTC)
    assert str(tmp_path) in str(caught.value)


def test_a_holder_that_is_killed_holds_nothing_and_is_not_named(tmp_path, holder):
    holder.kill()
    holder.wait()
    other = Lock(tmp_path)
    with Lock(tmp_path), pytest.raises(StoreError, match=f"process {os.getpid()} "):
        other.acquire()


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"pid": 1}', "null", "\udcff"])
def test_a_holder_that_said_nothing_sensible_holds_all_the_same(tmp_path, holder, content):
    (tmp_path / ".lock.holder.json").write_text(content, errors="surrogateescape")
    with pytest.raises(StoreError, match=r"held by another driver\. Wait for it or stop it\."):
        Lock(tmp_path).acquire()


def test_whoever_is_refused_takes_nothing_from_the_holder(tmp_path, holder):
    lock = Lock(tmp_path)
    with pytest.raises(StoreError):
        lock.acquire()
    lock.release()
    assert json.loads((tmp_path / ".lock.holder.json").read_text())["pid"] == holder.pid
    with pytest.raises(StoreError, match=f"process {holder.pid} "):
        lock.acquire()


def test_release_lets_the_next_one_in_and_leaves_no_name(tmp_path):
    lock = Lock(tmp_path)
    lock.release()
    for _ in range(2):
        lock.acquire()
        assert json.loads((tmp_path / ".lock.holder.json").read_text())["pid"] == os.getpid()
        lock.release()
        assert not (tmp_path / ".lock.holder.json").exists()
    lock.release()
    with Lock(tmp_path):
        pass


def test_acquiring_makes_the_directory_and_never_waits(tmp_path, monkeypatch):
    with Lock(tmp_path / "results" / "study"):
        waits = []  # filelock waits for a lock by sleeping
        monkeypatch.setattr(time, "sleep", waits.append)
        with pytest.raises(StoreError):
            Lock(tmp_path / "results" / "study").acquire()
        assert waits == []


def test_a_file_in_the_place_of_the_directory_is_named(tmp_path):
    (tmp_path / "results").write_text("")
    for directory in (tmp_path / "results", tmp_path / "results" / "study"):
        with pytest.raises(StoreError, match=r"results is a file, not a directory"):
            Lock(directory).acquire()


def test_a_full_disk_is_said_and_holds_nothing(make_disk):
    disk = make_disk("size=8k,nr_inodes=3")
    (disk / "filler").write_bytes(bytes(8192))
    with pytest.raises(StoreError, match="disk is full"):
        Lock(disk).acquire()
    (disk / "filler").unlink()
    with Lock(disk):
        pass


def test_a_read_only_directory_is_said(make_disk):
    with pytest.raises(StoreError, match="Read-only file system"):
        Lock(make_disk("ro")).acquire()
