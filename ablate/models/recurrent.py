"""A recurrent layer over the steps of a sequence, and a linear layer on its last hidden state, or on all of them.

Shapes: inputs (batch, channels, steps) → last hidden state (batch, units) → outputs (batch, outputs). All hidden
states: (batch, steps × units). With `bidirectional`, the units are those of both directions, one after the other.
"""

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ablate.errors import ModelError, unknown
from ablate.models.initialisation import initialise
from ablate.models.option import check_at_least, check_inputs

STATES = ("last", "all")
"""The hidden states that the output layer sees."""


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
        bidirectional: bool = False,
        states: str = "last",
    ) -> None:
        super().__init__()
        check_inputs(inputs)
        if len(inputs) != 2:
            raise ModelError(f"{type(self).__name__} needs inputs (channels, steps), not {tuple(inputs)}.")
        check_at_least(1, outputs=1 if outputs is None else outputs, units=units)
        if states not in STATES:
            raise ModelError(unknown("states", states, STATES))
        layer = self.layer(inputs[0], units, bias=bias, batch_first=True, bidirectional=bidirectional)
        self.add_module(self.name, layer)
        self.states = states
        features = units * (2 if bidirectional else 1) * (inputs[1] if states == "all" else 1)
        self.output = nn.Identity() if outputs is None else nn.Linear(features, outputs, bias=bias)
        self.draw_parameters = partial(initialise, scheme=init)
        # torch's own seed decides until a trial's does, as for any module.
        self.initialise(int(torch.randint(2**31, (), device="cpu")))

    def initialise(self, seed: int) -> None:
        """Draws all parameters anew, keyed by seed and name."""
        self.draw_parameters(self, seed=seed)

    def forward(self, x: Float[Tensor, "batch channels steps"]) -> Float[Tensor, "batch outputs"]:
        """The outputs after the last step, of each direction."""
        every, state = getattr(self, self.name)(x.transpose(1, 2))
        if self.states == "all":
            return self.output(every.flatten(1))
        hidden = state[0] if isinstance(state, tuple) else state  # an LSTM has a cell state, too
        return self.output(hidden.transpose(0, 1).flatten(1))
