import os
import re
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from ablate.data import cifar10, fashion_mnist, images, mnist
from ablate.errors import DataError

FOLDERS = [(mnist, "MNIST/raw"), (fashion_mnist, "FashionMNIST/raw"), (cifar10, "cifar-10-batches-py")]


@pytest.fixture(autouse=True)
def no_package_of_debian(tmp_path, monkeypatch):
    """A machine may have Fashion-MNIST installed."""
    monkeypatch.setattr(images, "DEBIAN", tmp_path / "no package")


@pytest.mark.parametrize(("load", "folder"), FOLDERS)
def test_absent_files_name_the_directory_and_the_ways_out(load, folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError) as caught:
        load(root="data")
    message = str(caught.value)
    assert f"is not in {tmp_path / 'data' / folder}." in message
    assert "data.download=true" in message
    assert "data.root=DIR" in message
    assert "ABLATE_DATA_DIR" in message
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(("load", "folder"), FOLDERS)
def test_a_failed_download_says_why_on_one_line(load, folder, tmp_path, no_mirror):
    with pytest.raises(DataError) as caught:
        load(root=str(tmp_path), download=True)
    message = str(caught.value)
    assert f"is not in {tmp_path / folder}, and the download failed" in message
    assert "refused" in message
    assert "data.root=DIR" in message
    assert "\n" not in message


def test_a_missing_file_is_named(tmp_path, write_idx):
    (write_idx(tmp_path, "MNIST") / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match=r"is not in .*MNIST/raw \(no t10k-labels-idx1-ubyte\)\. Pass"):
        mnist(root=str(tmp_path))


def truncate(path):
    path.write_bytes(path.read_bytes()[:-7])


def empty(path):
    path.write_bytes(b"")


def other_format(path):
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(500))


def wrong_type(path):
    path.write_bytes(b"\x00\x00\x09\x03" + path.read_bytes()[4:])


@pytest.mark.parametrize("damage", [truncate, empty, other_format, wrong_type])
@pytest.mark.parametrize("name", ["train-images-idx3-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"])
@pytest.mark.parametrize("download", [True, False])
def test_damaged_idx_files(damage, name, download, tmp_path, write_idx, no_mirror):
    raw = write_idx(tmp_path, "MNIST")
    damage(raw / name)
    with pytest.raises(DataError, match=f"MNIST in {re.escape(str(raw))} is damaged: .+Delete that folder") as caught:
        mnist(root=str(tmp_path), download=download)
    assert "\n" not in str(caught.value)


def test_labels_of_other_images(tmp_path, write_idx):
    raw = write_idx(tmp_path, "MNIST")
    (raw / "train-labels-idx1-ubyte").write_bytes((raw / "t10k-labels-idx1-ubyte").read_bytes())
    with pytest.raises(DataError, match="damaged: 40 images, but 12 labels"):
        mnist(root=str(tmp_path))


@pytest.mark.parametrize("name", ["data_batch_3", "test_batch", "batches.meta"])
def test_damaged_cifar10_files_are_named(name, tmp_path, write_cifar):
    folder = write_cifar(tmp_path)
    truncate(folder / name)
    with pytest.raises(DataError, match=rf"CIFAR-10 in {re.escape(str(folder))} is damaged \({name}\)"):
        cifar10(root=str(tmp_path))


def test_damaged_cifar10_and_no_network(tmp_path, write_cifar, no_mirror):
    truncate(write_cifar(tmp_path) / "data_batch_2")
    with pytest.raises(DataError, match=r"damaged \(data_batch_2\): .*refused"):
        cifar10(root=str(tmp_path), download=True)


def test_a_download(tmp_path, mirror, grey_images):
    root = tmp_path / "new" / "root"
    source = mnist(root=str(root), download=True)
    assert (len(source.pool), len(source.test)) == (40, 12)
    assert source.pool.targets.tolist() == grey_images["train"][1].tolist()
    asked = len(mirror)
    assert asked >= 4
    assert len(mnist(root=str(root), download=True).pool) == 40
    assert len(mirror) == asked  # what is there is not fetched again


def test_trials_that_start_at_once_download_once(tmp_path, mirror):
    mnist(root=str(tmp_path / "one"), download=True)
    once = len(mirror)
    with ThreadPoolExecutor(4) as pool:
        sources = list(pool.map(lambda _: mnist(root=str(tmp_path / "many"), download=True), range(4)))
    assert [len(source.pool) for source in sources] == [40] * 4
    assert len(mirror) == 2 * once


def test_archives_that_are_there(tmp_path, mirror):
    raw = tmp_path / "root" / "MNIST" / "raw"
    shutil.copytree(tmp_path / "served", raw)
    archives = set(raw.iterdir())
    assert len(mnist(root=str(tmp_path / "root")).pool) == 40
    assert set(raw.iterdir()) == archives  # they are unpacked elsewhere, for this time
    assert len(mnist(root=str(tmp_path / "root"), download=True).pool) == 40
    assert set(raw.iterdir()) > archives
    assert mirror == []


def test_a_download_that_is_not_the_file(tmp_path, mirror, monkeypatch):
    from torchvision.datasets import MNIST

    monkeypatch.setattr(MNIST, "resources", [(name, "0" * 32) for name, _ in MNIST.resources])
    with pytest.raises(DataError, match=r"the download failed: .*corrupted"):
        mnist(root=str(tmp_path / "root"), download=True)


def test_a_shared_folder_that_nobody_may_write_to(tmp_path, write_idx, monkeypatch):
    """As root, permissions bind nobody: so the answer of the system is replaced, not the folder's mode."""
    write_idx(tmp_path, "MNIST")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert len(mnist(root=str(tmp_path), download=True).pool) == 40
    assert not (tmp_path / ".download.lock").exists()


def test_a_root_that_is_a_file(tmp_path):
    (tmp_path / "data").write_text("")
    for download in (True, False):
        with pytest.raises(DataError, match=f"MNIST is not in {tmp_path}/data/MNIST/raw"):
            mnist(root=str(tmp_path / "data"), download=download)
