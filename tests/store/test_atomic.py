import errno
import os
import signal
import stat
import subprocess
import sys
import threading
import time

import pytest

from ablate.errors import StoreError
from ablate.store import atomic


def names(directory):
    return sorted(path.name for path in directory.iterdir())


def test_a_file_is_written_with_the_directories_above_it(tmp_path):
    atomic.write(tmp_path / "a" / "b" / "file", b"content")
    assert (tmp_path / "a" / "b" / "file").read_bytes() == b"content"
    assert names(tmp_path / "a" / "b") == ["file"]


def test_the_content_is_synced_before_the_rename_and_the_rename_after_it(tmp_path, monkeypatch):
    happened = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda fd: (happened.append(os.fstat(fd).st_size), fsync(fd)))
    monkeypatch.setattr(os, "replace", lambda *paths: (happened.append("rename"), replace(*paths)))
    atomic.write(tmp_path / "file", b"0123456789")
    assert happened[:2] == [10, "rename"]
    assert len(happened) == 3


def test_the_files_mode_is_the_users_choice(tmp_path):
    before = os.umask(0o027)
    try:
        atomic.write(tmp_path / "file", b"")
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_named_and_leaves_what_was_there(tmp_path, monkeypatch, code):
    path = tmp_path / "record.json"
    path.write_bytes(b"before")

    def full(descriptor):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match=r"disk is full: .*record\.json was not written"):
        atomic.write(path, b"after")
    assert path.read_bytes() == b"before"
    assert names(tmp_path) == ["record.json"]


def test_a_disk_that_really_fills_up(make_disk):
    disk = make_disk("size=64k")
    atomic.write(disk / "small", b"x" * 1000)
    with pytest.raises(StoreError, match="disk is full"):
        atomic.write(disk / "large", b"x" * 100_000)
    with pytest.raises(StoreError, match="disk is full"):
        atomic.write(disk / "small", b"y" * 100_000)
    assert names(disk) == ["small"]
    assert (disk / "small").read_bytes() == b"x" * 1000
    atomic.write(disk / "small", b"z" * 1000)
    assert (disk / "small").read_bytes() == b"z" * 1000


def test_a_disk_without_a_free_inode(make_disk):
    disk = make_disk("size=1m,nr_inodes=2")
    atomic.write(disk / "only", b"x")
    with pytest.raises(StoreError, match="disk is full"):
        atomic.write(disk / "other", b"x")
    assert names(disk) == ["only"]


def test_a_disk_that_takes_no_writes(make_disk):
    disk = make_disk("ro")
    with pytest.raises(StoreError, match="cannot be written: Read-only file system"):
        atomic.write(disk / "file", b"x")
    with pytest.raises(StoreError, match="cannot be written: Read-only file system"):
        atomic.write(disk / "new" / "file", b"x")
    atomic.remove(disk / "absent")


def test_a_file_beyond_the_size_that_the_user_may_write(tmp_path):
    program = """if True:
        import resource, sys
        from pathlib import Path
        from ablate.errors import StoreError
        from ablate.store import atomic
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        try:
            atomic.write(Path("file"), bytes(5000))
        except StoreError as error:
            sys.exit(str(error))
    """
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "file cannot be written: File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert names(tmp_path) == []


def test_a_file_in_the_place_of_a_directory_is_named(tmp_path):
    (tmp_path / "results").write_text("no directory")
    for path in (tmp_path / "results" / "file", tmp_path / "results" / "study" / "trials" / "file"):
        with pytest.raises(StoreError, match=rf"{tmp_path}/results is a file, not a directory"):
            atomic.write(path, b"x")
    assert names(tmp_path) == ["results"]


def test_ctrl_c_in_the_middle_leaves_nothing(tmp_path, monkeypatch):
    def interrupted(descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        atomic.write(tmp_path / "file", b"x")
    assert names(tmp_path) == []


def test_a_directory_that_cannot_be_synced_is_no_failure(tmp_path, monkeypatch):
    fsync = os.fsync

    def only_files(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", only_files)
    atomic.write(tmp_path / "file", b"x")
    assert (tmp_path / "file").read_bytes() == b"x"


def test_a_reader_sees_the_one_or_the_other(tmp_path):
    path = tmp_path / "file"
    contents = [bytes([k]) * 300_000 for k in (1, 2)]
    atomic.write(path, contents[0])
    ended = threading.Event()

    def write():
        for k in range(40):
            atomic.write(path, contents[k % 2])
        ended.set()

    thread = threading.Thread(target=write)
    thread.start()
    seen = {path.read_bytes()}
    while not ended.is_set():
        seen.add(path.read_bytes())
    thread.join()
    assert seen <= set(contents)


def test_a_writer_that_is_killed_leaves_a_whole_file(tmp_path):
    program = """if True:
        from pathlib import Path
        from ablate.store import atomic
        while True:
            for k in (1, 2):
                atomic.write(Path("file"), bytes([k]) * 3_000_000)
    """
    path = tmp_path / "file"
    for _ in range(3):
        with subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path) as writer:
            before = path.stat().st_mtime_ns if path.exists() else 0
            while (not path.exists() or path.stat().st_mtime_ns == before) and writer.poll() is None:
                time.sleep(0.005)
            assert writer.poll() is None, "it writes for ever"
            writer.send_signal(signal.SIGKILL)
        content = path.read_bytes()
        assert len(content) == 3_000_000
        assert len(set(content)) == 1
