"""Images and kernels in memory with their channels last, as tensor cores read them: the same numbers, elsewhere.

Shapes stay (examples, channels, height, width); only strides change.
"""

from dataclasses import replace

import torch
from torch import Tensor, nn

from ablate.data.split import Splits
from ablate.errors import ConfigError


def channels_last(network: nn.Module) -> nn.Module:
    """The network with its kernels laid out so, in place."""
    return network.to(memory_format=torch.channels_last)


def images_last(splits: Splits) -> Splits:
    """The splits with their inputs laid out so: once for a whole training, since minibatches keep the layout.

    Raises:
        ConfigError: they are no images.
    """
    parts = {name: getattr(splits, name) for name in ("train", "val", "test")}
    return replace(splits, **{name: replace(part, inputs=image_last(part.inputs)) for name, part in parts.items()})


def image_last(inputs: Tensor) -> Tensor:
    """Inputs laid out so.

    Raises:
        ConfigError: they are no images.
    """
    if inputs.ndim != 4:
        raise ConfigError(
            f"trainer.channels_last is for images, of shape [channels, height, width]: the data's inputs are of shape "
            f"{list(inputs.shape[1:])}. Take it out: trainer.channels_last=false."
        )
    return inputs.contiguous(memory_format=torch.channels_last)
