"""A residual convolutional network at one resolution.

Shapes: inputs (batch, channels, height, width) → feature maps (batch, width, ⌈height/stride⌉, ⌈width/stride⌉)
→ outputs (batch, outputs); the option `width` counts the maps' channels, `stride` is `stem_stride`.
Parameters: `stem`, `stem_norm`, `hidden.layers.k`, `hidden.norms.k` and `head`, by these names in every arm.
"""

from collections.abc import Callable, Sequence
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ablate.errors import ModelError
from ablate.models.activation import OUTPUT_ACTIVATIONS, hidden
from ablate.models.head import HeadSpec, build_head
from ablate.models.hidden import HiddenLayers, check_zero_init, entering, repeated
from ablate.models.initialisation import initialise
from ablate.models.map_layer import MAP_LAYERS, MapSpec
from ablate.models.norm import build_norm
from ablate.models.option import check_at_least, check_bias, check_inputs, chosen

BRANCH_DENSE: dict[str, Callable[[int, int], bool]] = {
    "all": lambda _layer, _span: True,
    "last": lambda layer, span: layer == span,
    "none": lambda _layer, _span: False,
}
"""Whether the `layer`-th (from 1) of a branch's `span` weight layers is dense, not a convolution."""


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
        bias_sd: float = 0.0,
        hard_threshold: bool = False,
        shortcut: str = "add",
        shared_weights: bool = False,
        zero_init_residual: bool = False,
        fan_area: bool = True,
        branch_dense: str = "none",
    ) -> None:
        super().__init__()
        check_inputs(inputs)
        if len(inputs) != 3:
            raise ModelError(
                f"ResNet needs inputs (channels, height, width), not {tuple(inputs)}. MLP takes any shape."
            )
        check_at_least(1, outputs=outputs, width=width, stem_stride=stem_stride)
        check_at_least(0, depth=depth)
        check_bias(bias=bias, bias_value=bias_value, bias_sd=bias_sd)
        activation = hidden(hidden_activation, hard_threshold=hard_threshold)
        if zero_init_residual:
            last = activation if branch_activation == "all" else None
            check_zero_init(skip_span=skip_span, shared_weights=shared_weights, last=last)
        widths = entering(width=width, depth=depth, skip_span=skip_span, shortcut=shortcut)
        is_dense = chosen("branch_dense", branch_dense, BRANCH_DENSE)
        if branch_dense == "last" and not skip_span:
            raise ModelError("branch_dense=last has no branch to end in a dense layer: skip_span is 0.")
        span = skip_span or 1
        kinds = ["dense" if is_dense(k % span + 1, span) else "conv" for k in range(depth)]
        spatial = tuple((size - 1) // stem_stride + 1 for size in inputs[1:])
        self.stem = nn.Conv2d(inputs[0], width, 3, stride=stem_stride, padding=1, bias=bias)
        self.stem_norm = build_norm(norm, width=width, spatial=spatial)
        self.stem_activation = activation() if stem_activation else nn.Identity()

        def layer(kind: str, before: int) -> nn.Module:
            return MAP_LAYERS[kind](MapSpec(inputs=before, units=width, spatial=spatial, bias=bias))

        self.hidden = HiddenLayers(
            layers=repeated(layer, list(zip(kinds, widths[:-1], strict=True)), shared_weights=shared_weights),
            norms=[build_norm(norm, width=width, spatial=spatial) for _ in range(depth)],
            activation=activation,
            skip_span=skip_span,
            branch_activation=branch_activation,
            post_activation=post_activation,
            shortcut=shortcut,
        )
        spec = HeadSpec(width=widths[-1], spatial=spatial, outputs=outputs, bias=bias, activation=activation)
        self.head = build_head(head, spec)
        self.output_activation = chosen("output_activation", output_activation, OUTPUT_ACTIVATIONS)()
        self.zero_init_residual = zero_init_residual
        self.draw_parameters = partial(
            initialise, scheme=init, bias_value=bias_value, bias_sd=bias_sd, fan_area=fan_area
        )
        # torch's own seed decides until a trial's does, as for any module.
        self.initialise(int(torch.randint(2**31, (), device="cpu")))

    def initialise(self, seed: int) -> None:
        """Draws all parameters anew, keyed by seed and name."""
        self.draw_parameters(self, seed=seed)
        if self.zero_init_residual:
            self.hidden.zero_branches()

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch outputs"]:
        """The outputs, after the output activation."""
        x = self.stem_activation(self.stem_norm(self.stem(x)))
        return self.output_activation(self.head(self.hidden(x)))
