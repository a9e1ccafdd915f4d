"""The settings under `data.augmentation`. One that is off counts as absent."""

from collections.abc import Mapping
from typing import Any, cast

import msgspec

AUGMENTATION = "augmentation"
"""The key, below `data`."""

OFF: Mapping[str, bool | int] = {"flip": False, "crop": 0}
"""Each setting, and the value at which it does nothing."""


class AugmentationSettings(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """`data.augmentation`. `crop`: pixels by which an image is shifted at most."""

    flip: bool = False
    crop: int = 0


def switched_on(node: Any) -> Any:
    """The node without the settings that are off; None where that leaves nothing.

    A value that is not a mapping, and settings of other names, stay: a user-defined data set may take them.
    """
    if not isinstance(node, Mapping):
        return node
    settings = cast(Mapping[str, Any], node)
    return {name: value for name, value in settings.items() if name not in OFF or value != OFF[name]} or None
