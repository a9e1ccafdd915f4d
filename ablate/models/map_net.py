"""Layers of feature maps, each with max pooling, and a head: for questions about their kind, or what the outputs see.

Shapes: inputs (batch, channels, height, width) → maps (batch, width, rows, columns) → outputs (batch, outputs); the
option `width` counts the maps' channels. Sequences: (batch, channels, steps) alike.
Parameters: `layers.k` (`layers.k.local` where locally connected) and `head`.
"""

from collections import OrderedDict
from collections.abc import Sequence
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ablate.errors import ModelError
from ablate.models.activation import hidden
from ablate.models.head import HeadSpec, build_head
from ablate.models.initialisation import initialise
from ablate.models.map_layer import MAP_LAYERS, MapSpec
from ablate.models.option import check_at_least, check_bias, check_inputs, chosen
from ablate.models.strip import StripLinear


class MapNet(nn.Module):
    """`depth` convolutional, locally connected or dense layers, each followed by activation and pooling, and a head.

    `conf/model/maps.yaml` explains each option. The three kinds of layer have maps of the same sizes and the same head,
    so that only the layers' own parameters differ.

    Raises:
        ModelError: an option has no valid value, or two of them do not fit each other.
    """

    def __init__(
        self,
        *,
        inputs: Sequence[int],
        outputs: int,
        width: int = 16,
        depth: int = 1,
        layer: str = "conv",
        kernel: int = 3,
        padding: int = 1,
        pool: int = 1,
        hidden_activation: str = "relu",
        head: str = "fc",
        strip_rows: int | None = None,
        bias: bool = True,
        bias_value: float = 0.0,
        init: str = "he",
        frozen_layers: bool = False,
    ) -> None:
        super().__init__()
        check_inputs(inputs)
        if len(inputs) not in (2, 3):
            raise ModelError(
                f"MapNet needs inputs (channels, steps) or (channels, height, width), not {tuple(inputs)}."
            )
        check_at_least(1, outputs=outputs, width=width, depth=depth, kernel=kernel, pool=pool)
        check_at_least(0, padding=padding)
        check_bias(bias=bias, bias_value=bias_value)
        activation = hidden(hidden_activation)
        build = chosen("layer", layer, MAP_LAYERS)
        channels, spatial = inputs[0], tuple(inputs[1:])
        pooling = nn.MaxPool1d if len(spatial) == 1 else nn.MaxPool2d
        layers: list[nn.Module] = []
        for _ in range(depth):
            spec = MapSpec(inputs=channels, units=width, spatial=spatial, kernel=kernel, padding=padding, bias=bias)
            if pool > min(spec.after):
                raise ModelError(f"pool={pool} does not fit on maps of {'×'.join(map(str, spec.after))}.")
            layers.append(build(spec))
            channels, spatial = width, tuple(size // pool for size in spec.after)
        self.layers = nn.ModuleList(layers).requires_grad_(not frozen_layers)
        self.activations = nn.ModuleList(activation() for _ in layers)
        self.pools = nn.ModuleList(pooling(pool) if pool > 1 else nn.Identity() for _ in layers)
        if strip_rows is None:
            self.head = build_head(
                head, HeadSpec(width=width, spatial=spatial, outputs=outputs, bias=bias, activation=activation)
            )
        else:
            if head != "fc":
                raise ModelError(f"strip_rows restricts what head=fc sees; head is {head}.")
            output = StripLinear(width=width, spatial=spatial, rows=strip_rows, outputs=outputs, bias=bias)
            self.head = nn.Sequential(OrderedDict(output=output))
        self.draw_parameters = partial(initialise, scheme=init, bias_value=bias_value)
        # torch's own seed decides until a trial's does, as for any module.
        self.initialise(int(torch.randint(2**31, (), device="cpu")))

    def initialise(self, seed: int) -> None:
        """Draws all parameters anew, keyed by seed and name."""
        self.draw_parameters(self, seed=seed)

    def forward(
        self, x: Float[Tensor, "batch channels height width"] | Float[Tensor, "batch channels steps"]
    ) -> Float[Tensor, "batch outputs"]:
        """The outputs."""
        for layer, activation, pool in zip(self.layers, self.activations, self.pools, strict=True):
            x = pool(activation(layer(x)))
        return self.head(x)
