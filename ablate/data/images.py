"""Images by torchvision, each with its official test set: MNIST, Fashion-MNIST, CIFAR-10."""

import warnings
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Int64, UInt8
from torch import Tensor

from ablate.data.files import Files
from ablate.data.source import Arrays, Source, subset


def mnist(
    *,
    root: str,
    download: bool = False,
    limit: int | None = None,
    val_size: int = 10_000,
    test_size: int | None = None,
) -> Source:
    """60 000 and 10 000 handwritten digits of shape (1, 28, 28) in [0, 1], ten classes.

    Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-Based Learning Applied to Document
    Recognition", Proceedings of the IEEE 86, 1998.

    Args:
        root: Folder that has `MNIST/raw/` with the four unpacked files.
        download: Fetch and unpack what is not there.
        limit: Examples of the training part to use at all; None: every one.
        val_size: Examples of the validation split, out of the training part.
        test_size: Examples of the official test set; None: every one.

    Raises:
        DataError: the files are absent, damaged, or could not be downloaded.
    """
    from torchvision.datasets import MNIST

    train, test = _idx_files("MNIST", MNIST, root).load(download=download)
    return Source(pool=_grey(train, limit), test=_grey(test, None), val_size=val_size, test_size=test_size)


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

    Args:
        root: Folder that has `FashionMNIST/raw/` with the four unpacked files.
        download: Fetch and unpack what is not there.
        limit: Examples of the training part to use at all; None: every one.
        val_size: Examples of the validation split, out of the training part.
        test_size: Examples of the official test set; None: every one.

    Raises:
        DataError: the files are absent, damaged, or could not be downloaded.
    """
    from torchvision.datasets import FashionMNIST

    train, test = _idx_files("Fashion-MNIST", FashionMNIST, root).load(download=download)
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
