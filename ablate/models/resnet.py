"""A residual convolutional network at one resolution.

Shapes: inputs (batch, channels, height, width) → feature maps (batch, width, ⌈height/stride⌉, ⌈width/stride⌉)
→ outputs (batch, outputs); the option `width` counts the maps' channels, `stride` is `stem_stride`.
Parameters: `stem`, `stem_norm`, `hidden.layers.k`, `hidden.norms.k` and `head`, by these names in every arm.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ablate.errors import ModelError
from ablate.models.activation import ACTIVATIONS, OUTPUT_ACTIVATIONS
from ablate.models.head import HeadSpec, build_head
from ablate.models.hidden import HiddenLayers
from ablate.models.initialisation import initialise
from ablate.models.norm import build_norm
from ablate.models.option import check_at_least, check_bias, check_inputs, chosen


class ResNet(nn.Module):
    """A 3×3 stem, `depth` 3×3 layers with shortcuts, and a head.

    `conf/model/resnet.yaml` explains each option. Softmax as hidden activation is over the channels, at each
    position of a feature map.

    Raises:
        ModelError: an option has no valid value, or two of them do not fit each other.
    """

    def __init__(
        self,
        *,
        inputs: Sequence[int],
        outputs: int,
        width: int = 16,
        depth: int = 6,
        stem_stride: int = 1,
        skip_span: int = 2,
        branch_activation: str = "all",
        post_activation: bool = False,
        stem_activation: bool = True,
        hidden_activation: str = "relu",
        output_activation: str = "linear",
        head: str = "fc",
        norm: str = "none",
        bias: bool = True,
        bias_value: float = 0.0,
        init: str = "he",
    ) -> None:
        super().__init__()
        check_inputs(inputs)
        if len(inputs) != 3:
            raise ModelError(
                f"ResNet needs inputs (channels, height, width), not {tuple(inputs)}. MLP takes any shape."
            )
        check_at_least(1, outputs=outputs, width=width, stem_stride=stem_stride)
        check_at_least(0, depth=depth)
        check_bias(bias=bias, bias_value=bias_value)
        activation = chosen("hidden_activation", hidden_activation, ACTIVATIONS)
        spatial = tuple((size - 1) // stem_stride + 1 for size in inputs[1:])
        self.stem = nn.Conv2d(inputs[0], width, 3, stride=stem_stride, padding=1, bias=bias)
        self.stem_norm = build_norm(norm, width=width, spatial=spatial)
        self.stem_activation = activation() if stem_activation else nn.Identity()
        self.hidden = HiddenLayers(
            layers=[nn.Conv2d(width, width, 3, padding=1, bias=bias) for _ in range(depth)],
            norms=[build_norm(norm, width=width, spatial=spatial) for _ in range(depth)],
            activation=activation,
            skip_span=skip_span,
            branch_activation=branch_activation,
            post_activation=post_activation,
        )
        spec = HeadSpec(width=width, spatial=spatial, outputs=outputs, bias=bias, activation=activation)
        self.head = build_head(head, spec)
        self.output_activation = chosen("output_activation", output_activation, OUTPUT_ACTIVATIONS)()
        self.init, self.bias_value = init, bias_value
        # torch's own seed decides until a trial's does, as for any module.
        self.initialise(int(torch.randint(2**31, (), device="cpu")))

    def initialise(self, seed: int) -> None:
        """Draws all parameters anew, keyed by seed and name."""
        initialise(self, scheme=self.init, seed=seed, bias_value=self.bias_value)

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch outputs"]:
        """The outputs, after the output activation."""
        x = self.stem_activation(self.stem_norm(self.stem(x)))
        return self.output_activation(self.head(self.hidden(x)))
