"""Sockets lie where their paths are short enough, and are removed when their process is gone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ablate.execute.process import socket_directory

HOLDS = """
import os, signal, sys, tempfile
from multiprocessing.util import get_temp_dir
from ablate.execute.process import socket_directory
socket_directory.hold()
socket_directory.hold()
print(get_temp_dir(), tempfile.gettempdir(), flush=True)
if sys.argv[1:]:
    os.kill(os.getpid(), signal.SIGKILL)
"""


def hold(tmp: Path, *words: str) -> tuple[Path, str]:
    command = [sys.executable, "-c", HOLDS, *words]
    environment = os.environ | {"TMPDIR": str(tmp)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    sockets, temporary = done.stdout.split()
    return Path(sockets), temporary


def test_it_is_in_the_temporary_directory_and_goes_with_its_process(tmp_path):
    short = Path("/tmp", f"t{os.getpid()}")
    short.mkdir()
    try:
        sockets, temporary = hold(short)
        assert (sockets.parent.parent, temporary) == (short, str(short))
        assert [*short.iterdir()] == []
        left, _ = hold(short, "killed")
        assert left.is_dir()
        assert left.parent in short.iterdir()
        other, _ = hold(short)
        assert not left.exists(), "the next process removes what a killed one left"
        assert not other.exists()
    finally:
        short.rmdir()


def test_the_directory_of_a_living_process_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(socket_directory, "root_for", lambda _: tmp_path)
    made = tmp_path / f"{socket_directory.PREFIX}alive"
    made.mkdir()
    lock = socket_directory._locked(made)
    assert lock is not None
    socket_directory.remove_abandoned()
    assert made.is_dir()
    os.close(lock)
    socket_directory.remove_abandoned()
    assert not made.exists()


def test_under_a_long_path_it_is_elsewhere(tmp_path):
    long = tmp_path / ("long" * 25)
    long.mkdir()
    sockets, temporary = hold(long)
    assert not sockets.is_relative_to(long)
    assert temporary == str(long), "other temporary files stay where they were"


def test_without_any_short_place_it_says_what_to_do(tmp_path, monkeypatch):
    long = tmp_path / ("long" * 25)
    long.mkdir()
    monkeypatch.setattr(socket_directory.tempfile, "tempdir", str(long))
    monkeypatch.setattr(socket_directory, "SHORT", ("/nowhere",))
    with pytest.raises(
        OSError, match=r"too long a path for the sockets .* Set TMPDIR to a directory with a short path"
    ):
        socket_directory.root_for(socket_directory.BELOW_BYTES)
