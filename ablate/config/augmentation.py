"""The settings under `data.augmentation`. One that is off counts as absent."""

from collections.abc import Mapping
from typing import Any, Literal, cast, get_args

import msgspec

AUGMENTATION = "augmentation"
"""The key, below `data`."""

Border = Literal["zeros", "reflections"]
BORDERS: tuple[str, ...] = get_args(Border)

OFF: Mapping[str, bool | int | float | str] = {
    "flip": False,
    "crop": 0,
    "cutout": 0,
    "mixup": 0.0,
    "crop_border": "zeros",
}
"""Each setting, and the value at which it does nothing."""


class AugmentationSettings(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """`data.augmentation`. `crop`: pixels by which an image is shifted at most. `cutout`: a square's side in pixels.

    `crop_border`: what lies around an image that is shifted. `mixup`: both parameters of the beta distribution that the
    shares of two examples are drawn from.
    """

    flip: bool = False
    crop: int = 0
    cutout: int = 0
    mixup: float = 0.0
    crop_border: Border = "zeros"

    @property
    def changes_images(self) -> bool:
        """Whether an image is changed by itself, which takes images."""
        return self.flip or self.crop != 0 or self.cutout != 0


def switched_on(node: Any) -> Any:
    """The node without the settings that are off; None where that leaves nothing.

    A value that is not a mapping, and settings of other names, stay: a user-defined data set may take them.
    """
    if not isinstance(node, Mapping):
        return node
    settings = cast(Mapping[str, Any], node)
    return {name: value for name, value in settings.items() if name not in OFF or value != OFF[name]} or None
