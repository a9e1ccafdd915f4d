"""Images by torchvision, each with its official test set: MNIST, Fashion-MNIST, CIFAR-10."""

import gzip
import shutil
import tempfile
import warnings
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Int64, UInt8
from torch import Tensor

from ablate.data.files import Files
from ablate.data.source import Arrays, Source, subset
from ablate.errors import DataError, unknown

DEBIAN = Path("/usr/share/datasets/fashion-mnist")
"""Where Debian's package has the archives."""

TESTED_ON = ("seen", "unseen")
"""Examples that a network is tested on: those that it was trained on, or others."""


def mnist(
    *,
    root: str,
    download: bool = False,
    limit: int | None = None,
    val_size: int = 10_000,
    test_size: int | None = None,
    tested_on: str = "unseen",
) -> Source:
    """60 000 and 10 000 handwritten digits of shape (1, 28, 28) in [0, 1], ten classes.

    Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-Based Learning Applied to Document
    Recognition", Proceedings of the IEEE 86, 1998.

    Args:
        root: Folder that has `MNIST/raw/` with the four files, unpacked or not.
        download: Fetch and unpack what is not there.
        limit: Examples of the training part to use at all; None: every one.
        val_size: Examples of the validation split, out of the training part.
        test_size: Examples of the test set; None: every one.
        tested_on: The test set: the official one (`unseen`), or the training part (`seen`), of which all but the
            validation split were trained on.

    Raises:
        DataError: the files are absent, damaged, or could not be downloaded, or `tested_on` is unknown.
    """
    from torchvision.datasets import MNIST

    if tested_on not in TESTED_ON:
        raise DataError(unknown("data.tested_on", tested_on, TESTED_ON))
    train, test = _parts("MNIST", MNIST, root, download=download)
    pool = _grey(train, limit)
    return Source(
        pool=pool,
        test=pool if tested_on == "seen" else _grey(test, None),
        val_size=val_size,
        test_size=test_size,
    )


def fashion_mnist(
    *,
    root: str,
    download: bool = False,
    limit: int | None = None,
    val_size: int = 10_000,
    test_size: int | None = None,
) -> Source:
    """60 000 and 10 000 articles of clothing of shape (1, 28, 28) in [0, 1], ten classes.

    Source: H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST", arXiv 1708.07747, 2017.

    Where they are not there, those of Debian's package `dataset-fashion-mnist` are read, if it is installed.

    Args:
        root: Folder that has `FashionMNIST/raw/` with the four files, unpacked or not.
        download: Fetch and unpack what is not there.
        limit: Examples of the training part to use at all; None: every one.
        val_size: Examples of the validation split, out of the training part.
        test_size: Examples of the official test set; None: every one.

    Raises:
        DataError: the files are absent, damaged, or could not be downloaded.
    """
    from torchvision.datasets import FashionMNIST

    train, test = _parts("Fashion-MNIST", FashionMNIST, root, download=download, elsewhere=(DEBIAN,))
    return Source(pool=_grey(train, limit), test=_grey(test, None), val_size=val_size, test_size=test_size)


def cifar10(
    *,
    root: str,
    download: bool = False,
    limit: int | None = None,
    val_size: int = 5_000,
    test_size: int | None = None,
) -> Source:
    """50 000 and 10 000 photographs of shape (3, 32, 32), ten classes. The train split standardises channels.

    Source: A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.

    Args:
        root: Folder that has `cifar-10-batches-py/`.
        download: Fetch and unpack what is not there.
        limit: Examples of the training part to use at all; None: every one.
        val_size: Examples of the validation split, out of the training part.
        test_size: Examples of the official test set; None: every one.

    Raises:
        DataError: the files are absent, damaged, or could not be downloaded.
    """
    from torchvision.datasets import CIFAR10

    folder = Path(root).expanduser().absolute()
    files = Files(
        title="CIFAR-10",
        dataset=CIFAR10,
        root=folder,
        directory=folder / CIFAR10.base_folder,
        contents=dict(CIFAR10.train_list + CIFAR10.test_list) | {CIFAR10.meta["filename"]: CIFAR10.meta["md5"]},
        archives=(folder / CIFAR10.filename,),
    )
    with warnings.catch_warnings():
        # An old NumPy pickled these files, with flags as integers: NumPy 2.4.0 to 2.4.4 warns of them.
        warnings.filterwarnings("ignore", message=r"dtype\(\): align should be passed")
        train, test = files.load(download=download)
    return Source(
        pool=_colour(train, limit),
        test=_colour(test, None),
        val_size=val_size,
        test_size=test_size,
        standardise_inputs=True,
    )


def _idx_files(title: str, dataset: Any, root: str) -> Files:
    folder = Path(root).expanduser().absolute()
    directory = folder / dataset.__name__ / "raw"
    return Files(
        title=title,
        dataset=dataset,
        root=folder,
        directory=directory,
        contents={name.removesuffix(".gz"): None for name, _ in dataset.resources},
        archives=tuple(directory / name for name, _ in dataset.resources),
    )


def _parts(title: str, dataset: Any, root: str, *, download: bool, elsewhere: Sequence[Path] = ()) -> tuple[Any, Any]:
    """The train and test parts: of the unpacked files, or else of the archives beside them or in other folders."""
    files = _idx_files(title, dataset, root)
    if not any((files.directory / name).exists() for name in files.contents):
        for place in (files.directory, *elsewhere):
            archives = [place / archive.name for archive in files.archives]
            if all(archive.is_file() for archive in archives):
                if download and place == files.directory:
                    break  # torchvision unpacks them there, once for all
                with tempfile.TemporaryDirectory() as folder:
                    unpacked = _idx_files(title, dataset, folder)
                    _unpack(archives, unpacked.directory)
                    return unpacked.load(download=False)
    return files.load(download=download)


def _unpack(archives: Sequence[Path], directory: Path) -> None:
    """Unpacks archives into a new directory.

    Raises:
        DataError: one is damaged.
    """
    directory.mkdir(parents=True)
    for archive in archives:
        try:
            with gzip.open(archive) as packed, (directory / archive.stem).open("wb") as plain:
                shutil.copyfileobj(packed, plain)
        except (EOFError, OSError, zlib.error) as error:
            raise DataError(f"{archive} is damaged: {error}. Delete it, and pass data.download=true.") from error


def _grey(part: Any, limit: int | None) -> Arrays:
    return _arrays(part.data.unsqueeze(1), part.targets, limit)


def _colour(part: Any, limit: int | None) -> Arrays:
    pixels = torch.from_numpy(part.data).permute(0, 3, 1, 2)
    return _arrays(pixels, torch.tensor(part.targets, dtype=torch.int64), limit)


def _arrays(
    pixels: UInt8[Tensor, "examples channels height width"],
    classes: Int64[Tensor, " examples"],
    limit: int | None,
) -> Arrays:
    # Chosen before they become floats: all of CIFAR-10 is 0.6 GB then.
    chosen = subset(len(pixels), limit)
    return Arrays(inputs=pixels[chosen].contiguous().float() / 255, targets=classes[chosen])
