"""One affine layer: a linear classifier.

Shapes: inputs (batch, features, …), flattened → outputs (batch, outputs). Parameters: `output`.
"""

import math
from collections.abc import Sequence
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ablate.models.initialisation import initialise
from ablate.models.option import check_at_least, check_inputs


class Linear(nn.Module):
    """An affine function of all inputs: logistic regression, or a linear support vector machine, by its loss.

    Raises:
        ModelError: an option has no valid value.
    """

    def __init__(self, *, inputs: Sequence[int], outputs: int, bias: bool = True, init: str = "lecun") -> None:
        super().__init__()
        check_inputs(inputs)
        check_at_least(1, outputs=outputs)
        self.output = nn.Linear(math.prod(inputs), outputs, bias=bias)
        self.draw_parameters = partial(initialise, scheme=init)
        # torch's own seed decides until a trial's does, as for any module.
        self.initialise(int(torch.randint(2**31, (), device="cpu")))

    def initialise(self, seed: int) -> None:
        """Draws all parameters anew, keyed by seed and name."""
        self.draw_parameters(self, seed=seed)

    def forward(self, x: Float[Tensor, "batch features *more"]) -> Float[Tensor, "batch outputs"]:
        """The outputs."""
        return self.output(x.flatten(1))
