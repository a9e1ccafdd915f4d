"""Symbolic links that somebody has put into a shared results directory: never followed by a writer."""

import os

import pytest

from ablate.errors import StoreError
from ablate.store import Frozen, Lock, StudyDirectory, atomic
from ablate.store.costs import write_costs

ONE = "0123456789ab"


@pytest.fixture
def target(tmp_path):
    """A file of somebody else, which must stay as it is."""
    path = tmp_path / "target"
    path.write_text("precious")
    yield path
    assert path.read_text() == "precious"


@pytest.fixture
def directory(tmp_path):
    (tmp_path / "study" / "trials" / ONE).mkdir(parents=True)
    return StudyDirectory(tmp_path / "study")


def test_files_of_a_study_replace_a_link(directory, target, make_spec, make_record):
    names = ("study.yaml", "costs.json", "summary.json", f"trials/{ONE}/record.json", f"trials/{ONE}/curve.csv")
    for name in names:
        (directory.path / name).symlink_to(target)
    directory.freeze(Frozen(spec=make_spec(), history=()))
    write_costs(directory, ())
    directory.write("summary.json", b"{}")
    directory.write_record(make_record(), curve="epoch\n")
    assert not any((directory.path / name).is_symlink() for name in names)


def test_files_that_go_are_unlinked_and_not_what_they_point_to(directory, target, make_record):
    (directory.trial(ONE) / "traceback.txt").symlink_to(target)
    directory.write_record(make_record())
    assert not os.path.lexists(directory.trial(ONE) / "traceback.txt")


def test_the_probe_of_the_directory_is_not_a_name_that_can_be_planted(directory, target):
    (directory.path / f".ablate-probe-{os.getpid()}").symlink_to(target)
    directory.check_writable()


def test_the_name_of_a_lock_s_holder_replaces_a_link(directory, target):
    (directory.path / ".lock.holder.json").symlink_to(target)
    with Lock(directory.path):
        assert not (directory.path / ".lock.holder.json").is_symlink()


def test_a_lock_that_is_a_link_is_refused(directory, target):
    (directory.path / ".lock").symlink_to(target)
    with pytest.raises(StoreError, match=r"\.lock is a symbolic link, which is not followed"):
        Lock(directory.path).acquire()


@pytest.mark.parametrize("name", ["trials", f"trials/{ONE}"])
def test_a_folder_that_is_a_link_is_refused(directory, tmp_path, make_record, name):
    other = tmp_path / "other"
    other.mkdir()
    folder = directory.path / name
    for place in (directory.trial(ONE), *([directory.path / "trials"] if name == "trials" else [])):
        place.rmdir()
    folder.symlink_to(other)
    with pytest.raises(StoreError, match="is a symbolic link, which is not followed"):
        directory.write_record(make_record())
    assert list(other.iterdir()) == []


def test_setting_aside_renames_the_link(directory, target):
    (directory.path / "costs.json").symlink_to(target)
    assert directory.set_damaged_aside("costs.json").is_symlink()


def test_a_holder_that_is_a_pipe_or_bottomless_names_nobody(directory):
    with Lock(directory.path):
        holder = directory.path / ".lock.holder.json"
        for make in (os.mkfifo, lambda path: path.write_bytes(b"[" * 3000), lambda path: path.symlink_to("/dev/zero")):
            atomic.remove(holder)
            make(holder)
            with pytest.raises(StoreError, match=r"held by another driver\. Wait"):
                Lock(directory.path).acquire()
