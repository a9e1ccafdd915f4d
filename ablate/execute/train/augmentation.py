"""Random changes of the images of each training minibatch, on the device of the images.

Shapes: images (batch, channels, height, width).
"""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from ablate.config.augmentation import OFF, AugmentationSettings
from ablate.config.trial import TrialConfig
from ablate.errors import ConfigError
from ablate.execute.train.dataset import augments_itself

Images = Float[Tensor, "batch channels height width"]


class Augmentation:
    """Flips first, then crops, each with its own generator: arms with and without crops flip the same images.

    The generators are on the device of the images, so that no step waits for the host. A CPU and a GPU draw different
    numbers from the same seed.
    """

    def __init__(self, settings: AugmentationSettings, *, seed: int) -> None:
        self._settings = settings
        self._seeds = [int(s) for s in np.random.SeedSequence(seed).generate_state(len(OFF), np.uint32)]
        self._generators: list[torch.Generator] = []

    def __call__(self, images: Images) -> Images:
        """Changes a minibatch. Every call draws anew."""
        if not self._generators:
            self._generators = [torch.Generator(images.device).manual_seed(seed) for seed in self._seeds]
        flips, shifts = self._generators
        if self._settings.flip:
            images = flipped(images, flips)
        if self._settings.crop:
            images = cropped(images, self._settings.crop, shifts)
        return images


def flipped(images: Images, generator: torch.Generator) -> Images:
    """Flips each image left to right with probability 1/2."""
    chosen = torch.randint(2, (len(images), 1, 1, 1), generator=generator, device=images.device)
    return torch.where(chosen == 1, images.flip(-1), images)


def cropped(images: Images, pixels: int, generator: torch.Generator) -> Images:
    """Pads each image with `pixels` zeros on every side and crops a window of the image's size.

    All (2 × pixels + 1)² windows have the same probability. The memory format is kept.
    """
    batch, channels, height, width = images.shape
    device = images.device
    corners = torch.randint(2 * pixels + 1, (2, batch, 1), generator=generator, device=device)
    rows = corners[0] + torch.arange(height, device=device)
    columns = corners[1] + torch.arange(width, device=device)
    padded = nn.functional.pad(images, (pixels, pixels, pixels, pixels))
    cut = padded[
        torch.arange(batch, device=device)[:, None, None, None],
        torch.arange(channels, device=device)[:, None, None],
        rows[:, None, :, None],
        columns[:, None, None, :],
    ]
    is_last = images.is_contiguous(memory_format=torch.channels_last) and not images.is_contiguous()
    return cut.contiguous(memory_format=torch.channels_last) if is_last else cut


def augmentation(config: TrialConfig, *, seed: int) -> Augmentation | None:
    """What changes a plain network's minibatches; None: nothing does, or the data set itself does.

    Raises:
        ConfigError: an unknown setting, a value that does not fit, examples that are no images.
    """
    if not is_asked(config):
        return None
    settings = config.data.augmentation
    inputs = config.data.description.inputs
    if len(inputs) != 3:
        raise ConfigError(
            f"data.augmentation is for images, [channels, height, width], and one example of "
            f"{config.data['_target_']} has shape {inputs}. Take it out: data.augmentation=null."
        )
    _check_crop(settings.crop, inputs)
    return Augmentation(settings, seed=seed)


def is_asked(config: TrialConfig) -> bool:
    """Whether settings are on, and are ablate's to follow."""
    return config.data.is_augmented and not augments_itself(config.data)


def _check_crop(crop: int, inputs: list[int]) -> None:
    largest = min(inputs[1:]) - 1
    if crop < 0:
        raise ConfigError(f"data.augmentation.crop={crop} is a number of pixels; valid: 0, for none, to {largest}.")
    if crop > largest:
        raise ConfigError(
            f"data.augmentation.crop={crop} would cut windows without a pixel of an image of {inputs[1]}×{inputs[2]}; "
            f"valid: 0, for none, to {largest}."
        )
