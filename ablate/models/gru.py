"""A gated recurrent unit over the steps of a sequence.

Shapes: inputs (batch, channels, steps) → last hidden state (batch, units) → outputs (batch, outputs).
Parameters: `gru` and, where there is one, `output`. A GRU of torch has two biases per gate:
3 (channels × units + units² + 2 units) numbers, whatever the steps.
Source: Cho et al. (2014, arXiv 1406.1078, section 2.3), with the reset gate after the product, as torch has it.
"""

from collections.abc import Sequence
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ablate.errors import ModelError
from ablate.models.initialisation import initialise
from ablate.models.option import check_at_least, check_inputs


class GRU(nn.Module):
    """One GRU layer, and a linear layer on its last hidden state.

    `conf/model/gru.yaml` explains each option. Without `outputs` the hidden state itself is the output.

    Raises:
        ModelError: an option has no valid value.
    """

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
            raise ModelError(f"GRU needs inputs (channels, steps), not {tuple(inputs)}.")
        check_at_least(1, outputs=1 if outputs is None else outputs, units=units)
        self.gru = nn.GRU(inputs[0], units, bias=bias, batch_first=True)
        self.output = nn.Identity() if outputs is None else nn.Linear(units, outputs, bias=bias)
        self.draw_parameters = partial(initialise, scheme=init)
        # torch's own seed decides until a trial's does, as for any module.
        self.initialise(int(torch.randint(2**31, (), device="cpu")))

    def initialise(self, seed: int) -> None:
        """Draws all parameters anew, keyed by seed and name."""
        self.draw_parameters(self, seed=seed)

    def forward(self, x: Float[Tensor, "batch channels steps"]) -> Float[Tensor, "batch outputs"]:
        """The outputs after the last step."""
        _, state = self.gru(x.transpose(1, 2))
        return self.output(state[-1])
