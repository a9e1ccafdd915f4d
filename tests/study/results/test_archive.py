"""Archives that are not what `ablate export` writes: each is refused in a sentence, and nothing of it is left."""

import gzip
import io
import json
import stat
import tarfile
import tempfile
import zipfile

import pytest

from ablate.errors import StoreError
from ablate.study.results.archive import unpacked

LIST = json.dumps({"schema": 1, "files": {}}).encode()


@pytest.fixture(autouse=True)
def _temporary(tmp_path, monkeypatch):
    """A folder for temporary files, which is empty at the end."""
    (place := tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    yield
    assert not list(place.iterdir())


def tar(path, *members):
    """Members are names with contents, or TarInfos."""
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
            else:
                name, content = member
                info = tarfile.TarInfo(name)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return path


def packed(path, *members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def pack(path, *members):
    return (packed if path.suffix == ".zip" else tar)(path, *members)


def entry(name, kind, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def refusal(path):
    with pytest.raises(StoreError) as caught, unpacked(path):
        raise AssertionError("it was unpacked")
    said = str(caught.value)
    assert str(path) in said
    assert len(said) < 400
    return said


@pytest.mark.parametrize("name", ["a.tar.gz", "a.zip"])
def test_a_folder_with_a_list_is_unpacked_and_removed(tmp_path, name):
    with unpacked(pack(tmp_path / name, ("mine/export.json", LIST), ("mine/trials/b/c.csv", b"1"))) as path:
        assert path.name == "mine"
        assert (path / "trials/b/c.csv").read_bytes() == b"1"


@pytest.mark.parametrize("suffix", ["tar.gz", "zip"])
@pytest.mark.parametrize(
    "name", ["../out", "mine/../../out", "/tmp/out", "out", "mine/a\\b", "mine/\x1b[2J", "mine/" + "a" * 1001]
)
def test_a_name_outside_of_the_folder_is_refused(tmp_path, suffix, name):
    said = refusal(pack(tmp_path / f"a.{suffix}", ("mine/export.json", LIST), (name, b"x")))
    assert "is no name of a file in the archive's folder" in said
    assert not (tmp_path / "out").exists()
    assert "\x1b" not in said


@pytest.mark.parametrize(
    "member",
    [
        entry("mine/link", tarfile.SYMTYPE, "/etc/passwd"),
        entry("mine/link", tarfile.LNKTYPE, "mine/export.json"),
        entry("mine/pipe", tarfile.FIFOTYPE),
        entry("mine/device", tarfile.CHRTYPE),
    ],
    ids=["symbolic link", "hard link", "pipe", "device"],
)
def test_a_link_or_device_is_refused(tmp_path, member):
    said = refusal(tar(tmp_path / "a.tar.gz", ("mine/export.json", LIST), member, ("mine/link/x", b"x")))
    assert "is a link or a device, not a file" in said


def test_a_zip_of_another_method_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("mine/export.json", LIST)
    assert "compressed by another method than deflate" in refusal(tmp_path / "a.zip")


def test_a_link_in_a_zip_is_refused(tmp_path):
    link = zipfile.ZipInfo("mine/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    said = refusal(packed(tmp_path / "a.zip", ("mine/export.json", LIST), (link, b"/etc")))
    assert "'mine/link' is a link or a device, not a file" in said


@pytest.mark.parametrize("name", ["a.tar.gz", "a.zip"])
def test_one_that_grows_without_measure_is_refused(tmp_path, name, monkeypatch):
    monkeypatch.setattr("ablate.study.results.archive.MAX_ARCHIVE_SLACK_BYTES", 1 << 10)
    said = refusal(pack(tmp_path / name, ("mine/export.json", LIST), ("mine/zeros", bytes(4 << 20))))
    assert "bytes, the limit for an archive of its size" in said


def test_a_header_of_gigabytes_is_not_read(tmp_path):
    header = tarfile.TarInfo("mine/a")
    header.type, header.size = tarfile.XHDTYPE, 8 << 30
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(header.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 20)))
    assert "is refused: unpacked it has more than" in refusal(tmp_path / "a.tar.gz")


def test_a_sparse_file_is_refused(tmp_path):
    info = tarfile.TarInfo("mine/a")
    info.pax_headers = {"GNU.sparse.major": "0", "GNU.sparse.map": "0,0", "GNU.sparse.size": str(1 << 50)}
    assert "'mine/a' is a link or a device" in refusal(tar(tmp_path / "a.tar.gz", info))


def test_a_size_below_zero_ends(tmp_path):
    info = tarfile.TarInfo("mine/a")
    info.size = -1024
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(info.tobuf(tarfile.GNU_FORMAT) + bytes(4096)))
    refusal(tmp_path / "a.tar.gz")


@pytest.mark.parametrize("name", ["a.tar.gz", "a.zip"])
def test_a_name_that_is_there_twice_is_refused(tmp_path, name):
    members = [("mine/export.json", LIST), ("mine/a", b"1"), ("mine/./a", b"2")]
    assert "it has 'mine/./a' twice" in refusal(pack(tmp_path / name, *members))


@pytest.mark.parametrize("name", ["a.tar.gz", "a.zip"])
def test_one_that_is_cut_off_at_any_place_is_refused(tmp_path, name):
    whole = pack(tmp_path / f"whole-{name}", ("mine/export.json", LIST), ("mine/a", bytes(range(256)) * 40))
    content = whole.read_bytes()
    for end in (0, 1, 10, len(content) // 2, len(content) - 9, len(content) - 1):
        (tmp_path / name).write_bytes(content[:end])
        assert "is damaged or cut off, or no archive" in refusal(tmp_path / name), end


@pytest.mark.parametrize("name", ["a.tar.gz", "a.zip"])
def test_one_with_a_byte_that_was_changed_is_refused(tmp_path, name):
    whole = pack(tmp_path / name, ("mine/export.json", LIST), ("mine/a", bytes(range(256)) * 40))
    content = bytearray(whole.read_bytes())
    content[len(content) // 2] ^= 0xFF
    whole.write_bytes(content)
    refusal(whole)


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ([("mine/a", b"1")], "one folder with export.json"),
        ([("mine/export.json", LIST), ("other/a", b"1")], "one folder with export.json"),
        ([("mine/export.json", b"[]")], "its export.json is not one of 'ablate export'"),
        ([("mine/export.json", b"\xff")], "its export.json is not one of 'ablate export'"),
        ([("mine/export.json", b'{"schema": 2, "files": {}}')], "has schema 2, and this version of ablate reads 1"),
    ],
)
def test_what_is_no_export_is_refused(tmp_path, members, says):
    assert says in refusal(pack(tmp_path / "a.zip", *members))


def test_a_file_that_is_not_there_or_not_a_file(tmp_path):
    (tmp_path / "folder.zip").mkdir()
    for name in ("none.zip", "folder.zip"):
        assert f"There is no archive {tmp_path / name}" in refusal(tmp_path / name)
