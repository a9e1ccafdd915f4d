"""Only this user can enter the cache, and files that another user could have written are not read."""

import os
import stat
from importlib import import_module

import pytest

from ablate import cache
from ablate.store.timings import Overhead, Timings, read_timings, write_timings

KEPT = Timings(overheads={"cpu": Overhead(fit=0.1, epoch=0.2)})


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "ablate"


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_the_folder_is_private_and_other_users_lose_the_permissions_they_had(root):
    before = os.umask(0)
    try:
        write_timings("this", KEPT)
    finally:
        os.umask(before)
    assert mode(root) == 0o700
    root.chmod(0o755)
    write_timings("this", KEPT)
    assert mode(root) == 0o700
    assert read_timings("this") == (KEPT, None)


def test_files_are_trusted_under_a_permissive_umask(root):
    before = os.umask(0o002)
    try:
        write_timings("this", KEPT)
        drawn = import_module("ablate.data.mnist1d")._arrays(3)
    finally:
        os.umask(before)
    assert read_timings("this") == (KEPT, None)
    (file,) = (root / "mnist1d").glob("*-3.npz")
    assert cache.is_trusted(file)
    assert len(drawn["x"]) == 4000


def test_a_file_that_others_can_write_is_not_read(root):
    write_timings("this", KEPT)
    (file,) = root.glob("timings-*.json")
    file.chmod(0o666)
    found, said = read_timings("this")
    assert found == Timings()
    assert said is not None
    assert "another user may have written them" in said
    file.chmod(0o644)
    assert read_timings("this") == (KEPT, None)
    root.chmod(0o777)
    assert read_timings("this")[0] == Timings()


def test_a_file_that_another_user_owns_is_neither_read_nor_replaced(root, monkeypatch):
    write_timings("this", KEPT)
    (file,) = root.glob("timings-*.json")
    content = file.read_bytes()
    monkeypatch.setattr(os, "getuid", lambda: file.stat().st_uid + 1)
    assert not cache.is_trusted(file)
    write_timings("this", Timings())
    assert file.read_bytes() == content


def test_cached_data_that_others_can_write_are_drawn_again(root):
    mnist1d = import_module("ablate.data.mnist1d")  # the package has a function of that name
    first = mnist1d._arrays(3)
    (file,) = (root / "mnist1d").glob("*-3.npz")
    file.write_bytes(b"not what was drawn")
    file.chmod(0o666)
    assert (mnist1d._arrays(3)["x"] == first["x"]).all()
    assert file.read_bytes() == b"not what was drawn"
