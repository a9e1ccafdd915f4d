"""Temporary files of processes that are gone are removed, and nobody else's."""

import os
import re
import subprocess
import sys

import pytest

from ablate.store import atomic, leftovers

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
    assert re.fullmatch(r"\.record\.json\.[0-9a-f]{8}-\d+-[0-9a-f]{8}\.tmp", left)
    atomic.write(tmp_path / "record.json", b"whole")
    leftovers.sweep([tmp_path, tmp_path / "absent"])
    assert names(tmp_path) == ["record.json"]


@pytest.mark.parametrize(
    ("name", "age_s", "stays"),
    [
        (f".record.json.{leftovers._host()}-{os.getpid()}-0123abcd.tmp", 60, True),
        (".record.json.00000000-99999999-0123abcd.tmp", 60, True),
        (".record.json.00000000-99999999-0123abcd.tmp", leftovers.OLD_S + 60, False),
        (".record.json.0123abcd.tmp", 60, True),
        (".record.json.0123abcd.tmp", leftovers.OLD_S + 60, False),
        ("notes.tmp", 10 * leftovers.OLD_S, True),
        (".mine.tmp", 10 * leftovers.OLD_S, True),
    ],
    ids=["of a living process", "of another host", "of another host long ago", "of an older version", "it long ago",
         "a file of the user's", "another"],
)  # fmt: skip
def test_only_what_nobody_writes_is_swept(tmp_path, name, age_s, stays):
    path = tmp_path / name
    path.touch()
    before = path.stat().st_mtime - age_s
    os.utime(path, (before, before))
    leftovers.sweep([tmp_path])
    assert path.exists() is stays
