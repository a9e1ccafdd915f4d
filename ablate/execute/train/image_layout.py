"""Images and kernels in the memory format channels last, which tensor cores read.

Shapes stay (examples, channels, height, width); only strides change.
"""

import weakref
from dataclasses import replace

import torch
from torch import Tensor, nn

from ablate.data.split import Splits
from ablate.errors import ConfigError


def channels_last(network: nn.Module) -> nn.Module:
    """Converts the kernels of a network, in place."""
    return network.to(memory_format=torch.channels_last)


def images_last(splits: Splits) -> Splits:
    """Converts the inputs of all splits, once for all trainings on them: minibatches keep the memory format.

    Raises:
        ConfigError: they are not images.
    """
    if splits not in _CONVERTED:
        _CONVERTED[splits] = _converted(splits)
    return _CONVERTED[splits]


_CONVERTED: "weakref.WeakKeyDictionary[Splits, Splits]" = weakref.WeakKeyDictionary()


def _converted(splits: Splits) -> Splits:
    parts = {name: getattr(splits, name) for name in ("train", "val", "test")}
    return replace(splits, **{name: part.with_inputs(image_last) for name, part in parts.items()})


def image_last(inputs: Tensor) -> Tensor:
    """Converts inputs.

    Raises:
        ConfigError: they are not images.
    """
    if inputs.ndim != 4:
        raise ConfigError(
            f"trainer.channels_last is for images, of shape [channels, height, width]: the data's inputs are of shape "
            f"{list(inputs.shape[1:])}. Take it out: trainer.channels_last=false."
        )
    return inputs.contiguous(memory_format=torch.channels_last)
