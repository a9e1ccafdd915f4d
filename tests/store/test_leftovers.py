"""Temporary files of writers that are gone are removed at once, and nobody else's."""

import fcntl
import os
import re
import subprocess
import sys

from ablate.store import atomic

KILLED = """
import os, signal, sys
from pathlib import Path
from ablate.store import atomic
os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
atomic.write(Path(sys.argv[1]), b"half")
"""


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_a_killed_writer_left_is_swept(tmp_path):
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "record.json")], check=False)
    (left,) = names(tmp_path)
    assert re.fullmatch(r"\.record\.json\.[0-9a-f]{8}\.tmp", left)
    atomic.write(tmp_path / "record.json", b"whole")
    assert atomic.sweep([tmp_path, tmp_path / "absent"]) == 1
    assert names(tmp_path) == ["record.json"]


def test_what_a_living_writer_writes_stays(tmp_path, monkeypatch):
    swept, sync = [], os.fsync

    def sweep_meanwhile(handle):
        swept.append(atomic.sweep([tmp_path]))
        sync(handle)

    monkeypatch.setattr(os, "fsync", sweep_meanwhile)
    atomic.write(tmp_path / "record.json", b"whole")
    assert swept[0] == 0
    assert names(tmp_path) == ["record.json"]


def test_a_file_that_is_swept_before_it_is_locked_is_made_again(tmp_path, monkeypatch):
    lock, times = fcntl.flock, []

    def lock_late(file, operation):
        times.append(file)
        if len(times) == 1:  # between the file's opening and its lock
            (left,) = tmp_path.iterdir()
            left.unlink()
        lock(file, operation)

    monkeypatch.setattr(fcntl, "flock", lock_late)
    atomic.write(tmp_path / "record.json", b"whole")
    assert (tmp_path / "record.json").read_bytes() == b"whole"
    assert len(times) == 2
