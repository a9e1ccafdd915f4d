import gzip
from pathlib import Path

import numpy as np
import pytest
import torch

from ablate.data import check, cifar10, fashion_mnist, images, mnist, split
from ablate.errors import DataError

pytestmark = pytest.mark.numeric

REAL = Path(__file__).parents[3] / "shared" / "data" / "MNIST" / "raw"


@pytest.mark.parametrize(("load", "folder"), [(mnist, "MNIST"), (fashion_mnist, "FashionMNIST")])
def test_idx_files(load, folder, tmp_path, write_idx, grey_images):
    write_idx(tmp_path, folder)
    source = load(root=str(tmp_path), val_size=10)
    for arrays, part in ((source.pool, "train"), (source.test, "test")):
        pixels, labels = grey_images[part]
        assert arrays.inputs.shape == (len(pixels), 1, 28, 28)
        np.testing.assert_allclose(arrays.inputs[:, 0], pixels / 255.0, atol=1e-7)
        np.testing.assert_array_equal(arrays.targets, labels)
    splits = split(source, seed=0)
    assert (len(splits.train), len(splits.val), len(splits.test)) == (30, 10, 12)
    assert torch.equal(splits.test.inputs, source.test.inputs)
    check(splits, inputs=[1, 28, 28], outputs=10)


def test_cifar10(tmp_path, write_cifar, cifar_images):
    write_cifar(tmp_path)
    source = cifar10(root=str(tmp_path), val_size=10)
    assert source.pool.inputs.shape == (40, 3, 32, 32)
    rows = np.concatenate([cifar_images[f"data_batch_{i}"][0] for i in range(1, 6)])
    labels = [label for i in range(1, 6) for label in cifar_images[f"data_batch_{i}"][1]]
    example, row, column = 17, 5, 30
    for channel in range(3):
        stored = rows[example, channel * 1024 + row * 32 + column]
        assert source.pool.inputs[example, channel, row, column].item() == pytest.approx(stored / 255)
    np.testing.assert_allclose(source.pool.inputs.flatten(1), rows / 255.0, atol=1e-7)
    assert source.pool.targets.tolist() == labels
    assert source.test.targets.tolist() == cifar_images["test_batch"][1]


def test_cifar10_channels_are_standardised_by_the_train_split(tmp_path, write_cifar):
    write_cifar(tmp_path)
    splits = split(cifar10(root=str(tmp_path), val_size=10), seed=0)
    train = splits.train.inputs.double().numpy()
    np.testing.assert_allclose(train.mean(axis=(0, 2, 3)), 0, atol=1e-6)
    np.testing.assert_allclose(train.std(axis=(0, 2, 3)), 1, atol=1e-6)
    assert np.abs(splits.test.inputs.double().numpy().mean(axis=(0, 2, 3))).min() > 1e-6
    check(splits, inputs=[3, 32, 32], outputs=10)


def test_a_limit_is_of_the_pool_and_test_size_of_the_official_test_set(tmp_path, write_idx, write_cifar):
    write_idx(tmp_path, "MNIST")
    write_cifar(tmp_path)
    for load in (mnist, cifar10):
        splits = split(load(root=str(tmp_path), limit=20, val_size=5, test_size=4), seed=0)
        assert (len(splits.train), len(splits.val), len(splits.test)) == (15, 5, 4)
    with pytest.raises(DataError, match=r"data\.limit=41, but there are 40 examples"):
        mnist(root=str(tmp_path), limit=41)


def test_the_training_part_may_be_the_test_set(tmp_path, write_idx):
    write_idx(tmp_path, "MNIST")
    options = {"root": str(tmp_path), "limit": 30, "val_size": 5}
    seen, unseen = (split(mnist(**options, tested_on=where), seed=0) for where in ("seen", "unseen"))
    assert torch.equal(seen.train.inputs, unseen.train.inputs)
    assert torch.equal(unseen.test.inputs, mnist(root=str(tmp_path)).test.inputs)
    known = {tuple(image.flatten().tolist()) for part in (seen.train, seen.val) for image in part.inputs}
    assert {tuple(image.flatten().tolist()) for image in seen.test.inputs} == known
    assert (len(seen.train), len(seen.test)) == (25, 30)
    with pytest.raises(DataError, match=r"Unknown data\.tested_on 'train'.*seen, unseen"):
        mnist(root=str(tmp_path), tested_on="train")


def test_a_home_directory_is_understood(tmp_path, write_idx, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    write_idx(tmp_path / "sets", "MNIST")
    assert len(mnist(root="~/sets").pool) == 40


@pytest.mark.skipif(not REAL.is_dir(), reason=f"the original MNIST archives are not in {REAL}")
def test_the_real_mnist():
    """Mean .1307 and SD .3081 are the constants that PyTorch's own MNIST example normalises by."""
    source = mnist(root=str(REAL.parents[1]))  # its archives, which stay as they are
    assert {file.suffix for file in REAL.iterdir()} == {".gz"}
    assert (len(source.pool), len(source.test)) == (60_000, 10_000)
    assert source.pool.inputs.mean().item() == pytest.approx(0.1307, abs=5e-5)
    assert source.pool.inputs.std().item() == pytest.approx(0.3081, abs=5e-5)
    assert source.test.targets[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert torch.bincount(source.test.targets).tolist()[:2] == [980, 1135]
    splits = split(source, seed=0)
    assert (len(splits.train), len(splits.val), len(splits.test)) == (50_000, 10_000, 10_000)
    check(splits, inputs=[1, 28, 28], outputs=10)


def test_fashion_mnist_of_debian_s_package_is_read_where_there_is_no_other(tmp_path, write_idx, monkeypatch):
    plain = write_idx(tmp_path / "plain", "FashionMNIST")
    debian = tmp_path / "debian"
    debian.mkdir()
    for file in plain.iterdir():
        (debian / f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes()))
    monkeypatch.setattr(images, "DEBIAN", debian)
    wanted, found = (fashion_mnist(root=str(tmp_path / root), val_size=5) for root in ("plain", "nowhere"))
    assert torch.equal(found.pool.inputs, wanted.pool.inputs)
    assert torch.equal(found.test.targets, wanted.test.targets)
    assert not (tmp_path / "nowhere").exists()
    (debian / "train-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DataError, match=r"Fashion-MNIST is not in .*nowhere"):
        fashion_mnist(root=str(tmp_path / "nowhere"), val_size=5)


def test_an_archive_that_is_damaged_is_named(tmp_path, write_idx):
    raw = write_idx(tmp_path, "MNIST")
    for file in list(raw.iterdir()):
        (raw / f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes())[:-9])
        file.unlink()
    with pytest.raises(DataError, match=r"-ubyte\.gz is damaged: .* Delete it, and pass data\.download=true"):
        mnist(root=str(tmp_path), val_size=5)
