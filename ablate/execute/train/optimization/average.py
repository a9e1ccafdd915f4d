"""An exponential moving average of a network's weights, which is evaluated in its place."""

from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from ablate.errors import ModelError
from ablate.execute.targets.target import error_text


def average(network: nn.Module, decay: float) -> AveragedModel:
    """The average of a network that has taken no step: that of its weights and buffers, batch norm's among them.

    After the first step it is the network as it is then; from then on decay × average + (1 − decay) × network. torch
    reads its counter at each update, for which a GPU waits.

    Raises:
        ModelError: the network cannot be copied.
    """
    try:
        return AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)
    except Exception as error:
        raise ModelError(
            f"trainer.ema_decay needs a copy of {type(network).__name__}, which cannot be copied: {error_text(error)}. "
            "Take it out: trainer.ema_decay=null."
        ) from error
