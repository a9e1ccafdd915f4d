"""Images of a user's own, in a folder for each class."""

from pathlib import Path
from typing import Any

from torch import Tensor
from torch.utils.data import Dataset

from ablate.data.option import check_at_least
from ablate.data.reading.examples import WORKERS, tensor
from ablate.data.reading.source import as_source
from ablate.data.source import Source
from ablate.errors import DataError
from ablate.files import reason

OFFICIAL = {"val": "val", "valid": "val", "validation": "val", "test": "test"}
"""Folders of official sets, and which set each is."""


def image_folder(
    *,
    root: str,
    size: int = 64,
    channels: int = 3,
    limit: int | None = None,
    val_size: int | float | None = None,
    test_size: int | float | None = None,
    standardise_inputs: bool = True,
    resident_gib: float = 4.0,
    workers: int = WORKERS,
) -> Source:
    """Images of shape (channels, size, size) in [0, 1] before they are standardised; a class for each folder, by name.

    Args:
        root: A folder with a folder of images for each class; or with `train/`, and `val/` and `test/` where there are
            official sets, each with these in them.
        size: Side in pixels. The shorter side of an image is scaled to it, and its middle taken.
        channels: 3 for colours, 1 for grey.
        limit: Images to use at all, official sets apart; None: every one.
        val_size: Images of the validation split, or their share; None: the whole of `val/`, or a tenth.
        test_size: The same of the test split; None: the whole of `test/`, or a fifth.
        standardise_inputs: Each channel, by its moments on the train split.
        resident_gib: What each part may take in memory, in GiB. A larger one is streamed.
        workers: Processes that read a part that is streamed.

    Raises:
        DataError: it is no such folder, or an image cannot be read.
    """
    check_at_least(1, size=size, workers=workers)
    if channels not in (1, 3):
        raise DataError(f"data.channels={channels}; valid: 3 for colours, 1 for grey.")
    folder = Path(root).expanduser()
    train = folder / "train" if (folder / "train").is_dir() else folder
    found = {"train": train}
    if train != folder:
        found |= {part: folder / name for name, part in OFFICIAL.items() if (folder / name).is_dir()}
    classes = _classes(train)
    return as_source(
        {part: _Images(place, classes, size=size, channels=channels) for part, place in found.items()},
        title=f"data.root={root}",
        limit=limit,
        val_size=val_size,
        test_size=test_size,
        standardise_inputs=standardise_inputs,
        resident_gib=resident_gib,
        workers=workers,
    )


def _classes(folder: Path) -> dict[str, int]:
    try:
        names = sorted(one.name for one in folder.iterdir() if one.is_dir() and one.name[:1] != ".")
    except OSError as error:
        raise DataError(f"data.root: {folder} cannot be read: {reason(error)}.") from error
    if len(names) < 2:
        raise DataError(f"{folder} has {len(names)} folders; classes take two or more, a folder of images for each.")
    return {name: number for number, name in enumerate(names)}


class _Images(Dataset[tuple[Tensor, int]]):
    """The images of a folder, each scaled and cut to a square."""

    def __init__(self, folder: Path, classes: dict[str, int], *, size: int, channels: int) -> None:
        from torchvision.datasets.folder import IMG_EXTENSIONS, make_dataset

        if strange := sorted(set(_classes(folder)) - set(classes)):
            raise DataError(
                f"{folder} has a folder {strange[0]!r}, which is no class of the images to train on: "
                f"{', '.join(classes)}."
            )
        self._size, self._mode = size, "RGB" if channels == 3 else "L"
        self._files = make_dataset(folder, classes, extensions=IMG_EXTENSIONS, allow_empty=True)

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        from PIL import Image

        file, label = self._files[index]
        try:
            with Image.open(file) as opened:
                return tensor(_square(opened.convert(self._mode), self._size)), label
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise DataError(f"{file} cannot be read as an image: {error}. Mend or remove it.") from error


def _square(image: Any, size: int) -> Any:
    """The middle of an image whose shorter side is scaled to `size` pixels."""
    from PIL import ImageOps

    return ImageOps.fit(image, (size, size))
