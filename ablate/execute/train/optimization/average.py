"""An exponential moving average of a network's weights, which is evaluated in its place."""

from collections.abc import Iterator
from contextlib import suppress
from types import FunctionType

from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from ablate.errors import ModelError
from ablate.execute.targets.target import error_text


def average(network: nn.Module, decay: float) -> AveragedModel:
    """The average of a network that has taken no step: that of its weights and buffers, batch norm's among them.

    After the first step it is the network as it is then; from then on decay × average + (1 − decay) × network. torch
    reads its counter at each update, for which a GPU waits.

    Raises:
        ModelError: the network cannot be copied, or its copy would call modules of the original.
    """
    if shared := _closures(network):
        raise ModelError(
            f"trainer.ema_decay needs a copy of {type(network).__name__}, and {shared[0]} is a function that refers to "
            "a module: in the copy it would still call the original module. Take it out: trainer.ema_decay=null."
        )
    try:
        return AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)
    except Exception as error:
        raise ModelError(
            f"trainer.ema_decay needs a copy of {type(network).__name__}, which cannot be copied: {error_text(error)}. "
            "Take it out: trainer.ema_decay=null."
        ) from error


def _closures(network: nn.Module) -> list[str]:
    """The attributes that are functions with a module in their closure, such as a lambda: they are not copied."""
    return [
        f"{path}.{name}" if path else name
        for path, part in network.named_modules()
        for name, value in vars(part).items()
        if isinstance(value, FunctionType) and any(isinstance(one, nn.Module) for one in _enclosed(value))
    ]


def _enclosed(function: FunctionType) -> Iterator[object]:
    """The values in a function's closure."""
    for cell in function.__closure__ or ():
        with suppress(ValueError):  # a variable that has no value yet
            yield cell.cell_contents
