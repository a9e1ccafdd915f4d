"""A head on frozen convolutional features of two images that stand side by side.

Shapes: inputs (batch, channels, height, 2 columns) → features (batch, 2 width, height, columns) → outputs
(batch, outputs); the option `width` counts the features' channels per image.
Parameters: `features`, which is drawn and never trained, and `head`.
"""

from collections.abc import Sequence
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ablate.errors import ModelError
from ablate.models.activation import hidden
from ablate.models.head import HeadSpec, build_head
from ablate.models.initialisation import initialise
from ablate.models.option import check_at_least, check_inputs


class PairNet(nn.Module):
    """One untrained 3×3 convolution, the same for both images, and a trained head.

    No feature depends on both images, so that a head of one layer adds up what it sees in the one and in the other.

    Raises:
        ModelError: an option has no valid value, or the inputs are not two images of equal width.
    """

    def __init__(
        self,
        *,
        inputs: Sequence[int],
        outputs: int,
        width: int = 16,
        hidden_activation: str = "relu",
        head: str = "fc",
        init: str = "he",
    ) -> None:
        super().__init__()
        check_inputs(inputs)
        if len(inputs) != 3 or inputs[2] % 2:
            raise ModelError(
                "PairNet needs inputs (channels, height, width) of two images side by side, with an even width; "
                f"not {tuple(inputs)}."
            )
        check_at_least(1, outputs=outputs, width=width)
        activation = hidden(hidden_activation)
        self.features = nn.Conv2d(inputs[0], width, 3, padding=1).requires_grad_(False)
        self.activation = activation()
        spatial = (inputs[1], inputs[2] // 2)
        spec = HeadSpec(width=2 * width, spatial=spatial, outputs=outputs, bias=True, activation=activation)
        self.head = build_head(head, spec)
        self.draw_parameters = partial(initialise, scheme=init)
        # torch's own seed decides until a trial's does, as for any module.
        self.initialise(int(torch.randint(2**31, (), device="cpu")))

    def initialise(self, seed: int) -> None:
        """Draws all parameters anew, keyed by seed and name."""
        self.draw_parameters(self, seed=seed)

    def forward(self, x: Float[Tensor, "batch channels height both"]) -> Float[Tensor, "batch outputs"]:
        """The outputs."""
        images = [self.activation(self.features(image)) for image in x.chunk(2, dim=3)]
        return self.head(torch.cat(images, dim=1))
