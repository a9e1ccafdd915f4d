"""`ablate export`: one archive of a study, which unpacked is that study."""

import hashlib
import json
import os
import subprocess
import zipfile
from dataclasses import replace

import pytest

from ablate.store import StudyDirectory
from ablate.store.encoding import encode
from tests.cli.conftest import contents


@pytest.fixture
def study(ablate, here, tiny):
    assert ablate("run", *tiny, "keep=weights").exit_code == 0
    (path,) = (here / "results").iterdir()
    path = path.rename(here / "results" / "mine")
    for name in ("log/events", "checkpoint.ckpt"):  # what no archive has
        left = next((path / "trials").iterdir()) / name
        left.parent.mkdir(exist_ok=True)
        left.write_text("x")
    return path


def unpack(archive, to):
    to.mkdir()
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive) as packed:
            assert packed.testzip() is None
            packed.extractall(to)
    else:
        subprocess.run(["tar", "xzf", archive, "-C", to], check=True)


@pytest.mark.parametrize("name", ["mine.tar.gz", "a.tgz", "deep/b.zip"])
def test_what_is_unpacked_is_the_study(ablate, here, study, name):
    before = contents(study)
    words = () if name == "mine.tar.gz" else (name,)
    done = ablate("export", "mine", *words)
    assert (done.exit_code, done.stdout) == (0, "")
    assert f"written: {name} (22 files, " in done.stderr
    assert contents(study) == before, "nothing is written beside it"
    unpack(here / name, here / "theirs")
    theirs = here / "theirs" / "mine"
    found = {path: content for path, content in contents(theirs).items() if content is not None}
    listed = json.loads(found.pop("export.json"))
    left_out = (".lock", "log", "checkpoint.ckpt")
    assert found == {
        path: content
        for path, content in before.items()
        if content is not None and not any(part in path for part in left_out)
    }
    assert listed["files"] == {path: hashlib.sha256(content).hexdigest() for path, content in found.items()}
    records = StudyDirectory(study).contents().records
    assert sum(listed["code"].values()) == sum(way["trials"] for way in listed["trained_by"]) == len(records) == 4
    assert {way["torch"] for way in listed["trained_by"]} == {r.provenance.torch for r in records.values()}
    assert listed["packed_by"]["packages"]["numpy"]
    assert str(here) not in json.dumps(listed)
    assert (
        ablate("show", "mine", "--results-dir", "theirs").stdout.splitlines()[1:-3]
        == (ablate("show", "mine").stdout.splitlines()[1:-3])
    )
    assert "all are as they were written" in ablate("verify", "--results-dir", "theirs").stdout


@pytest.mark.parametrize("suffix", ["tar.gz", "zip"])
def test_equal_files_make_equal_bytes(ablate, here, study, suffix):
    assert ablate("export", "mine", f"a.{suffix}").exit_code == 0
    for path in study.rglob("*"):
        os.utime(path, (0, 0))
    assert ablate("export", "mine", f"b.{suffix}").exit_code == 0
    assert (here / f"a.{suffix}").read_bytes() == (here / f"b.{suffix}").read_bytes()


def test_mistakes(ablate, refused, study, here):
    assert "Did you mean" in refused("export", "smok")
    assert "Valid: names that end in .tar.gz, .tgz, .zip" in refused("export", "mine", "mine.rar")
    (here / "a.zip").write_text("mine")
    assert "a.zip exists. Add --force" in refused("export", "mine", "a.zip")
    assert ablate("export", "mine", "a.zip", "--force").exit_code == 0
    assert zipfile.is_zipfile(here / "a.zip")
    assert "a.zip is a file, not a directory" in " ".join(refused("export", "mine", "a.zip/b.zip").split())
    record = next(study.glob("trials/*/record.json"))
    record.write_bytes(record.read_bytes().replace(b'"complete"', b'"diverged"'))
    said = " ".join(refused("export", "mine", "c.zip").split())
    assert "not all files are as they were written" in said
    assert "'ablate verify' lists them" in said


def test_a_study_that_changes_meanwhile_is_not_packed(refused, study, monkeypatch):
    states = iter(("before", "after"))
    monkeypatch.setattr("ablate.study.results.export._state", lambda _: next(states))
    assert "has changed while it was packed" in refused("export", "mine")


def test_nothing_that_lies_elsewhere_is_packed(ablate, refused, study, here):
    (here / "secret").write_text("secret")
    directory = StudyDirectory(study)
    record = next(iter(directory.contents().records.values()))
    digest = hashlib.sha256(b"secret").hexdigest()
    files = {"../../../../secret": digest}
    directory.record_path(record.id).write_bytes(encode(replace(record, files=files)))
    assert "names a file outside of its folder" in refused("export", "mine")
    directory.record_path(record.id).write_bytes(encode(replace(record, files={})))
    assert ablate("export", "mine").exit_code == 0
    directory.trial(record.id).rename(here / "elsewhere")
    directory.trial(record.id).symlink_to(here / "elsewhere")
    assert "is a symbolic link" in " ".join(refused("export", "mine", "other.zip").split())
