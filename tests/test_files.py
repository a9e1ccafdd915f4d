"""Reading a file, whatever lies in its place."""

import errno
import os
import socket
import sys
from pathlib import Path

import pytest

from ablate import files

STATUS = Path("/proc/self/status")


def test_a_file_is_read_up_to_its_limit(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    assert files.read(path, limit=10) == b"0123456789"
    with pytest.raises(OSError, match="10 bytes; the limit is 9"):
        files.read(path, limit=9)
    path.write_bytes(b"")
    assert files.read(path, limit=9) == b""


def test_nothing_is_no_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        files.read(tmp_path / "file", limit=9)
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        files.read(tmp_path / "file" / "below", limit=9)
    with pytest.raises(OSError, match="null byte"):
        files.read(tmp_path / "a\0b", limit=9)


def test_a_symbolic_link_is_followed_only_where_it_may_be(tmp_path):
    (tmp_path / "target").write_bytes(b"x")
    (tmp_path / "link").symlink_to("target")
    with pytest.raises(OSError, match="Is a symbolic link, which is not followed"):
        files.read(tmp_path / "link", limit=9)
    assert files.read(tmp_path / "link", limit=9, follow=True) == b"x"
    (tmp_path / "endless").symlink_to("endless")
    for follow in (False, True):
        with pytest.raises(OSError, match=r"."):
            files.read(tmp_path / "endless", limit=9, follow=follow)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (os.mkdir, "Is a directory"),
        (os.mkfifo, "Is a named pipe"),
        (lambda path: socket.socket(socket.AF_UNIX).bind(str(path)), "socket"),
        (lambda path: path.symlink_to("/dev/zero"), "Is a device"),
    ],
    ids=["directory", "pipe", "socket", "device"],
)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_what_is_no_file_is_said_and_nothing_waits(tmp_path, monkeypatch, make, says):
    monkeypatch.chdir(tmp_path)  # the path of a socket is short
    path = Path("thing")
    make(path)
    with pytest.raises(OSError, match=says):
        files.read(path, limit=9, follow=True)


@pytest.mark.skipif(sys.platform != "linux", reason="procfs is of Linux")
def test_a_file_that_says_that_it_has_no_bytes_is_read_all_the_same():
    assert b"Name:" in files.read(STATUS, limit=1 << 20)
    with pytest.raises(OSError, match="the limit is 9"):
        files.read(STATUS, limit=9)


def test_a_file_that_may_not_be_read_says_so(tmp_path, monkeypatch):
    """Root may read everything: the refusal is simulated."""
    path = tmp_path / "file"
    path.write_bytes(b"x")

    def refuse(*_args):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(PermissionError, match="Permission denied"):
        files.read(path, limit=9)
