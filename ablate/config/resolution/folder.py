"""What `data=image_folder` says of a user's folder, without torch: its classes, and the share of the largest."""

import os
from collections.abc import Mapping
from pathlib import Path

from ablate.errors import ConfigError
from ablate.files import reason

TRAIN = "train"
"""The folder of the pool, in a folder that has those of official sets beside it."""

IMAGES = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")
"""Endings of the files that torchvision reads as images: equal to its `IMG_EXTENSIONS`."""


def classes(root: str) -> int:
    """How many classes a folder of images has."""
    return len(_images(root))


def chance(root: str) -> float:
    """The share of the most frequent class of a folder of images."""
    counts = _images(root)
    return round(max(counts.values()) / max(1, sum(counts.values())), 4)


def _images(root: str) -> Mapping[str, int]:
    """Class → its images, of the part that trains.

    Raises:
        ConfigError: it is no folder, or has no folders.
    """
    folder = Path(root).expanduser()
    try:
        place = folder / TRAIN if (folder / TRAIN).is_dir() else folder
        found = {one.name: _count(Path(one)) for one in os.scandir(place) if one.is_dir() and one.name[:1] != "."}
    except OSError as error:
        raise ConfigError(
            f"data.root={root} cannot be read: {reason(error)}. Give the folder that has a folder of images for each "
            "class, or train/, val/ and test/ with these in them."
        ) from error
    if not found:
        raise ConfigError(
            f"data.root={root} has no folders: images of a class are in a folder of its name, such as "
            f"{place / 'cats' / '1.jpg'}."
        )
    return found


def _count(folder: Path) -> int:
    return sum(name.lower().endswith(IMAGES) for _, _, names in os.walk(folder) for name in names)
