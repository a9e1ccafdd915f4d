"""Random changes of each training minibatch, on its device: of images, and mixtures of any examples.

Shapes: images (batch, channels, height, width); mixtures are of inputs (batch, ...).
"""

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from ablate.config.augmentation import OFF, AugmentationSettings
from ablate.config.trial import TrialConfig
from ablate.errors import ConfigError
from ablate.execute.train.dataset import augments_itself

Images = Float[Tensor, "batch channels height width"]

DRAWS = 4
"""Random changes: flips, crops, squares, mixtures."""
PADDING: Mapping[str, str] = {"zeros": "constant", "reflections": "reflect"}
"""What lies around an image → the mode of torch's `pad`. Reflections do not repeat the outermost pixels."""


class Augmentation:
    """Flips first, then crops, cuts and mixes, each with its own generator: arms with and without crops flip the same.

    The generators are on the device of the images, so that no step waits for the host. A CPU and a GPU draw different
    numbers from the same seed.
    """

    def __init__(self, settings: AugmentationSettings, *, seed: int, classes: int = 0) -> None:
        """`classes`: of targets that are class numbers."""
        self._settings = settings
        *seeds, mixtures = (int(s) for s in np.random.SeedSequence(seed).generate_state(DRAWS, np.uint32))
        self._seeds = seeds
        self._generators: list[torch.Generator] = []
        self._states: list[Tensor] = []
        """Of the generators, where another process has begun the training."""
        self._mixtures = np.random.default_rng(mixtures)  # one number per minibatch, from the host
        self._classes = classes

    def __call__(self, images: Tensor) -> Tensor:
        """Changes the images of a minibatch, each by itself. Every call draws anew."""
        if not self._settings.changes_images:
            return images
        if not self._generators:
            self._generators = [torch.Generator(images.device).manual_seed(seed) for seed in self._seeds]
            for generator, state in zip(self._generators, self._states, strict=False):
                generator.set_state(state)
        flips, shifts, squares = self._generators
        if self._settings.flip:
            images = flipped(images, flips)
        if self._settings.crop:
            images = cropped(images, self._settings.crop, shifts, border=self._settings.crop_border)
        if self._settings.cutout:
            images = cut_out(images, self._settings.cutout, squares)
        return images

    def minibatch(self, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Changes images first, and mixes then."""
        return self.mixed(self(inputs), targets)

    def check_targets(self, targets: Tensor) -> None:
        """Refuses targets that belong to places of an image, such as its pixels: they would stay where they are.

        Raises:
            ConfigError: `targets`, shape (examples, ...), are these.
        """
        if targets.ndim > (2 if targets.is_floating_point() else 1):
            raise ConfigError(
                f"data.augmentation changes inputs, and targets of shape {list(targets.shape[1:])} would stay as they "
                "are. Augment in the data set, or take it out: data.augmentation=null."
            )

    def state(self) -> dict[str, Any]:
        """The states of the generators, as plain text and tensors, for `restore`."""
        states = [generator.get_state() for generator in self._generators]
        return {"images": states or self._states, "mixtures": json.dumps(self._mixtures.bit_generator.state)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Restores the generators from a `state`. To be called before the first minibatch."""
        self._states = state["images"]
        self._mixtures.bit_generator.state = json.loads(state["mixtures"])

    def mixed(self, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Mixes each example of a minibatch with the one before it, where that is asked for. Every call draws anew.

        Class numbers become shares of the classes, shape (batch, classes).
        """
        alpha = self._settings.mixup
        if not alpha:
            return inputs, targets
        share = float(self._mixtures.beta(alpha, alpha))
        if not targets.is_floating_point():
            targets = nn.functional.one_hot(targets, self._classes).to(inputs.dtype)
        return mixture(inputs, share), mixture(targets, share)


def flipped(images: Images, generator: torch.Generator) -> Images:
    """Flips each image left to right with probability 1/2."""
    chosen = torch.randint(2, (len(images), 1, 1, 1), generator=generator, device=images.device)
    return torch.where(chosen == 1, images.flip(-1), images)


def cropped(images: Images, pixels: int, generator: torch.Generator, *, border: str = "zeros") -> Images:
    """Pads each image by `pixels` on every side, with zeros or its reflections, and crops a window of the image's size.

    All (2 × pixels + 1)² windows have the same probability. The memory format is kept.
    """
    batch, channels, height, width = images.shape
    device = images.device
    corners = torch.randint(2 * pixels + 1, (2, batch, 1), generator=generator, device=device)
    rows = corners[0] + torch.arange(height, device=device)
    columns = corners[1] + torch.arange(width, device=device)
    padded = nn.functional.pad(images, (pixels, pixels, pixels, pixels), mode=PADDING[border])
    cut = padded[
        torch.arange(batch, device=device)[:, None, None, None],
        torch.arange(channels, device=device)[:, None, None],
        rows[:, None, :, None],
        columns[:, None, None, :],
    ]
    is_last = images.is_contiguous(memory_format=torch.channels_last) and not images.is_contiguous()
    return cut.contiguous(memory_format=torch.channels_last) if is_last else cut


def cut_out(images: Images, pixels: int, generator: torch.Generator) -> Images:
    """Sets a square of `pixels` a side to 0 on each image; what of it lies outside of the image is lost.

    Its middle is equally likely at every pixel: DeVries and Taylor (2017, arXiv 1708.04552, section 3.2).
    """
    batch, _, *sizes = images.shape
    hidden = torch.ones(batch, 1, 1, 1, dtype=torch.bool, device=images.device)
    for axis, size in enumerate(sizes):
        middle = torch.randint(size, (batch, 1), generator=generator, device=images.device)
        from_start = torch.arange(size, device=images.device) - middle + pixels // 2
        inside = (from_start >= 0) & (from_start < pixels)
        hidden = hidden & inside.view(batch, 1, *(size if axis == k else 1 for k in range(len(sizes))))
    return images.masked_fill(hidden, 0.0)


def mixture(values: Tensor, share: float) -> Tensor:
    """Each row times a share, plus the row before it times the rest: Zhang et al. (2018, arXiv 1710.09412, eq. 1)."""
    return share * values + (1 - share) * values.roll(1, 0)


def augmentation(config: TrialConfig, *, seed: int) -> Augmentation | None:
    """What changes a plain network's minibatches; None: nothing does, or the data set itself does.

    Raises:
        ConfigError: an unknown setting, a value that does not fit, examples that are no images.
    """
    if not is_asked(config):
        return None
    settings, description = config.data.augmentation, config.data.description
    if not 0 <= settings.mixup < math.inf:
        raise ConfigError(f"data.augmentation.mixup={settings.mixup} must be more than 0, such as 0.2; or 0, for none.")
    if settings.changes_images or settings.crop_border != OFF["crop_border"]:
        _check_images(settings, config)
    return Augmentation(settings, seed=seed, classes=description.outputs)


def is_asked(config: TrialConfig) -> bool:
    """Whether settings are on, and are ablate's to follow."""
    return config.data.is_augmented and not augments_itself(config.data)


def _check_images(settings: AugmentationSettings, config: TrialConfig) -> None:
    inputs = config.data.description.shape
    if len(inputs) != 3:
        raise ConfigError(
            f"data.augmentation is for images, [channels, height, width], and one example of "
            f"{config.data['_target_']} has shape {inputs}. Take it out: data.augmentation=null. mixup takes any shape."
        )
    _check_crop(settings.crop, inputs)
    if not settings.crop and settings.crop_border != OFF["crop_border"]:
        raise ConfigError(
            f"data.augmentation.crop_border={settings.crop_border} would be ignored: no image is cropped. Set "
            "data.augmentation.crop, or take it out."
        )
    most = 2 * max(inputs[1:]) - 1
    if not 0 <= settings.cutout <= most:
        raise ConfigError(
            f"data.augmentation.cutout={settings.cutout} is the side of a square in pixels; valid: 0, for none, to "
            f"{most}, which leaves nothing of an image of {inputs[1]}×{inputs[2]}."
        )


def _check_crop(crop: int, inputs: list[int]) -> None:
    largest = min(inputs[1:]) - 1
    if crop < 0:
        raise ConfigError(f"data.augmentation.crop={crop} is a number of pixels; valid: 0, for none, to {largest}.")
    if crop > largest:
        raise ConfigError(
            f"data.augmentation.crop={crop} would cut windows without a pixel of an image of {inputs[1]}×{inputs[2]}; "
            f"valid: 0, for none, to {largest}."
        )
