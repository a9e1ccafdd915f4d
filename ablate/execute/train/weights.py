"""The weights of a trained network as bytes, and back."""

import io
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ablate.errors import ModelError, StoreError
from ablate.execute.train.trial_module import TrialModule


def trained(module: nn.Module, network: nn.Module) -> nn.Module:
    """What of a fit is evaluated: the network, or the average of it that `trainer.ema_decay` asks for."""
    average = module.average if isinstance(module, TrialModule) else None
    return network if average is None else average.module


def as_bytes(network: nn.Module) -> bytes:
    """Its parameters and buffers, on the CPU, as `torch.save` writes them."""
    state = {name: value.detach().cpu().clone() for name, value in network.state_dict().items() if _is_tensor(value)}
    written = io.BytesIO()
    torch.save(state, written)
    return written.getvalue()


def restore(network: nn.Module, content: bytes) -> None:
    """Gives a network the weights that were written of one.

    Only tensors are read: nothing in the file is executed.

    Raises:
        StoreError: it is no such file.
        ModelError: the network has other parameters.
    """
    try:
        state: Mapping[str, Tensor] = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # of a file that is none
        raise StoreError(f"The weights cannot be read: {' '.join(str(error).split())[:200]}.") from error
    try:
        network.load_state_dict(dict(state), strict=True)
    except RuntimeError as error:
        raise ModelError(f"The weights are of another network: {' '.join(str(error).split())[:400]}.") from error


def _is_tensor(value: object) -> bool:
    """Not the extra state that a module may have of its own."""
    return isinstance(value, Tensor)
