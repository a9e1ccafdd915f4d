"""Bytes in a spool: what was added is read at its place, in memory, in the file, and where no file can be written."""

import errno
import gc
import os
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate.store.records import spool
from ablate.store.records.spool import Spool


@given(contents=st.lists(st.binary(max_size=3000), max_size=40), held=st.integers(min_value=0, max_value=4000))
def test_what_was_added_is_read_at_its_place(contents, held):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spool, "MAX_HELD_BYTES", held)
        made = Spool()
        places = [made.add(content) for content in contents]
        assert [made[place] for place in places] == contents
        assert [made[place] for place in reversed(places)] == contents[::-1]


def test_memory_holds_a_part_only(monkeypatch):
    monkeypatch.setattr(spool, "MAX_HELD_BYTES", 1000)
    made = Spool()
    places = [made.add(bytes([number]) * 100) for number in range(100)]
    assert len(made._held) <= 1000 < made._written
    assert [made[place][0] for place in places] == list(range(100))


@pytest.mark.parametrize("written", [0, 50])
def test_a_full_disk_loses_nothing(monkeypatch, written):
    """The write that fails has written a part of what it should."""
    monkeypatch.setattr(spool, "MAX_HELD_BYTES", 1000)
    made = Spool()
    places = [made.add(bytes([number]) * 100) for number in range(30)]
    whole = os.pwrite

    def full(file, content, offset):
        if written and offset == made._written:
            return whole(file, content[:written], offset)
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    places += [made.add(bytes([number]) * 100) for number in range(30, 60)]
    assert [made[place][0] for place in places] == list(range(60))
    assert all(made[place] == bytes([number]) * 100 for number, place in enumerate(places))


def test_the_file_is_closed_with_the_spool(monkeypatch):
    monkeypatch.setattr(spool, "MAX_HELD_BYTES", 0)
    made = Spool()
    made.add(b"content")
    file = made._file
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        del made
        gc.collect()
    assert file is not None
    assert file.closed


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_reads_at_its_own_places(monkeypatch):
    monkeypatch.setattr(spool, "MAX_HELD_BYTES", 0)
    made = Spool()
    places = [made.add(bytes([number])) for number in range(10)]
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if all(made[places[5]] == b"\x05" for _ in range(2000)) else 1
        finally:
            os._exit(code)
    assert all(made[places[7]] == b"\x07" for _ in range(2000))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
