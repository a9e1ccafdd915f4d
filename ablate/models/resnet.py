"""A residual convolutional network on images or sequences, in stages.

Shapes: inputs (batch, channels, height, width) → feature maps (batch, width, ⌈height/stride⌉, ⌈width/stride⌉)
→ outputs (batch, outputs); the option `width` counts the maps' channels, `stride` is `stem_stride`. Each further stage
divides height and width by `stage_stride`, and multiplies the channels by `stage_growth`. Sequences: (batch, channels,
steps) alike.
Parameters: `stem`, `stem_norm`, `hidden.layers.k`, `hidden.norms.k` and `head`, by these names in every arm; a shortcut
into another stage has `hidden.projections.b`.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ablate.errors import ModelError
from ablate.models.activation import OUTPUT_ACTIVATIONS, hidden
from ablate.models.head import HeadSpec, build_head
from ablate.models.hidden import HiddenLayers, Projection, check_zero_init, entering, repeated
from ablate.models.initialisation import initialise
from ablate.models.map_layer import MAP_LAYERS, MapSpec
from ablate.models.norm import build_norm
from ablate.models.option import check_at_least, check_bias, check_inputs, chosen
from ablate.models.stage import Stages

BRANCH_DENSE: dict[str, Callable[[int, int], bool]] = {
    "all": lambda _layer, _span: True,
    "last": lambda layer, span: layer == span,
    "none": lambda _layer, _span: False,
}
"""Whether the `layer`-th (from 1) of a branch's `span` weight layers is dense, not a convolution."""


class ResNet(nn.Module):
    """A convolutional stem, `depth` convolutional layers with shortcuts, and a head.

    `conf/model/resnet.yaml` explains each option, and makes the block of He et al. (2015, arXiv 1512.03385): batch
    norm, ReLU between the layers of a branch and after the addition. The constructor's own defaults are those of
    `conf/model/simple_resnet.yaml`. Softmax as hidden activation is over the channels, at each position.

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
        hard_threshold: bool | str = False,
        shortcut: str = "add",
        shared_weights: bool = False,
        zero_init_residual: bool = False,
        fan_area: bool = True,
        branch_dense: str = "none",
        stages: int = 1,
        stage_stride: int = 2,
        stage_growth: int = 2,
        kernel: int = 3,
        dimensions: int | None = None,
        bias_before_norm: bool = True,
    ) -> None:
        super().__init__()
        spatial = _spatial(inputs, dimensions)
        check_at_least(1, outputs=outputs, width=width, stem_stride=stem_stride, kernel=kernel)
        check_at_least(1, stages=stages, stage_stride=stage_stride, stage_growth=stage_growth)
        check_at_least(0, depth=depth)
        if kernel % 2 == 0:
            raise ModelError(f"kernel={kernel} has no middle, and would move the maps: it must be odd.")
        check_bias(bias=bias, bias_value=bias_value, bias_sd=bias_sd)
        activation = hidden(hidden_activation, hard_threshold=hard_threshold)
        if zero_init_residual:
            last = activation if branch_activation == "all" else None
            check_zero_init(skip_span=skip_span, shortcut=shortcut, shared_weights=shared_weights, last=last)
        widths = entering(width=width, depth=depth, skip_span=skip_span, shortcut=shortcut)
        is_dense = chosen("branch_dense", branch_dense, BRANCH_DENSE)
        if branch_dense == "last" and not skip_span:
            raise ModelError("branch_dense=last has no branch to end in a dense layer: skip_span is 0.")
        span = skip_span or 1
        kinds = ["dense" if is_dense(k % span + 1, span) else "conv" for k in range(depth)]
        biased = bias and (bias_before_norm or norm != "batch")
        if stages > 1 and shortcut == "concat":
            raise ModelError("shortcut=concat puts maps of one size side by side: it goes with stages=1.")
        stem = MapSpec(
            inputs=inputs[0],
            units=width,
            spatial=spatial,
            kernel=kernel,
            padding=kernel // 2,
            stride=stem_stride,
            bias=biased,
        )
        self.flattens = len(spatial) < len(inputs) - 1
        self.stem = MAP_LAYERS["conv"](stem)
        self.stem_norm = build_norm(norm, width=width, spatial=stem.after)
        self.stem_activation = activation() if stem_activation else nn.Identity()
        plan = Stages(
            depth=depth,
            stages=stages,
            stride=stage_stride,
            growth=stage_growth,
            width=width,
            spatial=stem.after,
            kernel=kernel,
            skip_span=skip_span,
            bias=biased,
        )
        specs = list(plan.layers())
        if shortcut == "concat":
            specs = [replace(spec, inputs=before) for spec, before in zip(specs, widths, strict=False)]

        def layer(kind: str, spec: MapSpec) -> nn.Module:
            return MAP_LAYERS[kind](spec)

        def projection(first: MapSpec) -> nn.Module:
            if (first.inputs, first.spatial) == (first.units, first.after) or shortcut == "concat":
                return nn.Identity()
            matrix = MAP_LAYERS["conv"](replace(first, kernel=1, padding=0))
            return Projection(matrix, build_norm(norm, width=first.units, spatial=first.after))

        self.hidden = HiddenLayers(
            layers=repeated(layer, list(zip(kinds, specs, strict=True)), shared_weights=shared_weights),
            norms=[build_norm(norm, width=spec.units, spatial=spec.after) for spec in specs],
            activation=activation,
            skip_span=skip_span,
            branch_activation=branch_activation,
            post_activation=post_activation,
            shortcut=shortcut,
            projections=[projection(spec) for spec in specs[::span]] if skip_span and stages > 1 else None,
        )
        last = specs[-1] if specs else stem
        channels = widths[-1] if shortcut == "concat" else last.units
        head_spec = HeadSpec(width=channels, spatial=last.after, outputs=outputs, bias=bias, activation=activation)
        self.head = build_head(head, head_spec)
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

    def forward(
        self, x: Float[Tensor, "batch channels height width"] | Float[Tensor, "batch channels steps"]
    ) -> Float[Tensor, "batch outputs"]:
        """The outputs, after the output activation."""
        x = x.flatten(2) if self.flattens else x
        x = self.stem_activation(self.stem_norm(self.stem(x)))
        return self.output_activation(self.head(self.hidden(x)))


def _spatial(inputs: Sequence[int], dimensions: int | None) -> tuple[int, ...]:
    """Height and width of the maps, or their steps, before the stem.

    Raises:
        ModelError: the inputs are neither images nor sequences, or have fewer dimensions than asked for.
    """
    check_inputs(inputs)
    if len(inputs) not in (2, 3):
        raise ModelError(
            f"ResNet needs inputs (channels, steps) or (channels, height, width), not {tuple(inputs)}. MLP takes any "
            "shape."
        )
    sizes = tuple(inputs[1:])
    if dimensions not in (None, 1, 2) or (dimensions or 0) > len(sizes):
        raise ModelError(
            f"dimensions={dimensions} does not fit inputs {tuple(inputs)}; valid: null, for those of the data, "
            f"{'1' if len(sizes) == 1 else '1 (the pixels row by row) or 2'}."
        )
    return (math.prod(sizes),) if dimensions == 1 else sizes
