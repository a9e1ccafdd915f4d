"""A recurrent layer over the steps of a sequence, and a linear layer on its last hidden state.

Shapes: inputs (batch, channels, steps) → last hidden state (batch, units) → outputs (batch, outputs).
"""

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ablate.errors import ModelError
from ablate.models.initialisation import initialise
from ablate.models.option import check_at_least, check_inputs


class Recurrent(nn.Module):
    """What the kinds of recurrent layers share. Without `outputs` the hidden state itself is the output.

    Parameters: the layer, under its `name`, and, where there is one, `output`.

    Raises:
        ModelError: an option has no valid value.
    """

    name: ClassVar[str]
    """Of the layer among the parameters, which are drawn by their names."""
    layer: ClassVar[type[nn.GRU] | type[nn.LSTM]]
    """Torch's."""

    def __init__(
        self,
        *,
        inputs: Sequence[int],
        outputs: int | None,
        units: int = 10,
        bias: bool = True,
        init: str = "xavier",
    ) -> None:
        super().__init__()
        check_inputs(inputs)
        if len(inputs) != 2:
            raise ModelError(f"{type(self).__name__} needs inputs (channels, steps), not {tuple(inputs)}.")
        check_at_least(1, outputs=1 if outputs is None else outputs, units=units)
        self.add_module(self.name, self.layer(inputs[0], units, bias=bias, batch_first=True))
        self.output = nn.Identity() if outputs is None else nn.Linear(units, outputs, bias=bias)
        self.draw_parameters = partial(initialise, scheme=init)
        # torch's own seed decides until a trial's does, as for any module.
        self.initialise(int(torch.randint(2**31, (), device="cpu")))

    def initialise(self, seed: int) -> None:
        """Draws all parameters anew, keyed by seed and name."""
        self.draw_parameters(self, seed=seed)

    def forward(self, x: Float[Tensor, "batch channels steps"]) -> Float[Tensor, "batch outputs"]:
        """The outputs after the last step."""
        _, state = getattr(self, self.name)(x.transpose(1, 2))
        hidden = state[0] if isinstance(state, tuple) else state  # an LSTM has a cell state, too
        return self.output(hidden[-1])
