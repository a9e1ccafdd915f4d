"""A linear layer whose outputs each see some rows of the feature maps only.

Shapes: (batch, width, height, columns) → (batch, outputs); sequences, (batch, width, steps), whose steps are the rows,
alike. With `rows` = height it equals a fully connected layer,
parameters, names and draws included.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ablate.errors import ModelError


class StripLinear(nn.Linear):
    """Output j is linear in a strip of `rows` rows; the strips lie evenly from the first row to the last.

    Raises:
        ModelError: the maps have fewer rows, or none is asked for.
    """

    def __init__(self, *, width: int, spatial: tuple[int, ...], rows: int, outputs: int, bias: bool) -> None:
        height, *columns = spatial
        if not 1 <= rows <= height:
            raise ModelError(f"strip_rows must be 1 to {height}, the rows of the feature maps, or null; not {rows}.")
        super().__init__(width * rows * math.prod(columns), outputs, bias=bias)
        starts = [round(j * (height - rows) / max(outputs - 1, 1)) for j in range(outputs)]
        seen = torch.tensor([[start + row for row in range(rows)] for start in starts])
        self.register_buffer("seen", seen, persistent=False)
        self.seen: Tensor

    def forward(self, input: Float[Tensor, "batch width height *columns"]) -> Float[Tensor, "batch outputs"]:
        """Each output from its own strip."""
        strips = input[:, :, self.seen].transpose(1, 2).flatten(2)
        y = (strips * self.weight).sum(2)
        return y if self.bias is None else y + self.bias
