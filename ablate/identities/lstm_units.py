"""An LSTM's size depends on its units, which are also its outputs, and not on the number of steps."""

import torch
from torch import nn

from ablate.identities.identity import Identity
from ablate.models import LSTM

FEW, MANY = 7, 100


def units_and_steps(*, channels: int = 3, units: int = 10) -> tuple[Identity, ...]:
    """Counts outputs and parameters of an LSTM without a further layer, for few and for many steps.

    Per gate: channels × units weights from the input, units² from the state, and torch's two biases for each unit.

    Args:
        channels: Numbers per step.
        units: Of the hidden state.
    """
    few, many = (LSTM(inputs=(channels, steps), outputs=None, units=units) for steps in (FEW, MANY))
    last = many(torch.zeros(1, channels, MANY))
    second_biases = sum(p.numel() for name, p in few.named_parameters() if "bias_hh" in name)
    size = f"{channels} channels, {units} units"
    return (
        Identity(statement=f"outputs of an LSTM of {units} units", found=last.shape[1], expected=units),
        Identity(
            statement=f"parameters of torch's LSTM, {size}",
            found=_count(few),
            expected=4 * (channels * units + units**2 + 2 * units),
        ),
        Identity(
            statement="parameters with one bias per unit and gate, as other libraries have it",
            found=_count(few) - second_biases,
            expected=4 * (channels * units + units**2 + units),
        ),
        Identity(
            statement=f"parameters that {MANY} steps need beyond {FEW}",
            found=_count(many) - _count(few),
            expected=0,
        ),
    )


def _count(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())
