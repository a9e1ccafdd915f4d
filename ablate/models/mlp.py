"""A multilayer perceptron, with or without shortcuts.

Shapes: inputs (batch, *inputs) → flat (batch, features) → hidden (batch, width) → outputs (batch, outputs).
Parameters: `stem`, `stem_norm`, `hidden.layers.k`, `hidden.norms.k` and `head`, by these names in every arm.
"""

import math
from collections.abc import Sequence
from functools import partial
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ablate.errors import ModelError
from ablate.models.activation import OUTPUT_ACTIVATIONS, hidden
from ablate.models.head import HeadSpec, build_head
from ablate.models.hidden import HiddenLayers, check_zero_init, entering, repeated
from ablate.models.initialisation import initialise
from ablate.models.norm import build_norm
from ablate.models.option import check_at_least, check_bias, check_inputs, chosen


class MLP(nn.Module):
    """A dense stem, `depth` dense layers of equal width, and a head.

    `conf/model/mlp.yaml` explains each option. Softmax as hidden activation is over a layer's units.

    Raises:
        ModelError: an option has no valid value, or two of them do not fit each other.
    """

    def __init__(
        self,
        *,
        inputs: Sequence[int],
        outputs: int,
        width: int = 64,
        depth: int = 6,
        skip_span: int = 0,
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
        init_gain: float = 1.0,
        output_bias: float | None = None,
    ) -> None:
        super().__init__()
        check_inputs(inputs)
        check_at_least(1, outputs=outputs, width=width)
        check_at_least(0, depth=depth)
        check_bias(bias=bias, bias_value=bias_value, bias_sd=bias_sd)
        if not 0 < init_gain < math.inf:
            raise ModelError(
                f"init_gain={init_gain} must be a factor above 0, such as 4.0; 1.0 leaves the weights as drawn."
            )
        activation = hidden(hidden_activation, hard_threshold=hard_threshold)
        if zero_init_residual:
            last = activation if branch_activation == "all" else None
            check_zero_init(skip_span=skip_span, shortcut=shortcut, shared_weights=shared_weights, last=last)
        widths = entering(width=width, depth=depth, skip_span=skip_span, shortcut=shortcut)
        self.flatten = nn.Flatten()
        self.stem = nn.Linear(math.prod(inputs), width, bias=bias)
        self.stem_norm = build_norm(norm, width=width, spatial=())
        self.stem_activation = activation() if stem_activation else nn.Identity()

        def layer(before: int) -> nn.Linear:
            return nn.Linear(before, width, bias=bias)

        self.hidden = HiddenLayers(
            layers=repeated(layer, [(before,) for before in widths[:-1]], shared_weights=shared_weights),
            norms=[build_norm(norm, width=width, spatial=()) for _ in range(depth)],
            activation=activation,
            skip_span=skip_span,
            branch_activation=branch_activation,
            post_activation=post_activation,
            shortcut=shortcut,
        )
        spec = HeadSpec(width=widths[-1], spatial=(), outputs=outputs, bias=bias, activation=activation)
        self.head = build_head(head, spec)
        self.output_activation = chosen("output_activation", output_activation, OUTPUT_ACTIVATIONS)()
        if output_bias is not None and not (bias and head != "gap"):
            raise ModelError(
                f"output_bias={output_bias} has no bias to set: bias is false, or head=gap, which has no parameters. "
                "Set bias=true with another head, or output_bias=null."
            )
        self.output_bias = output_bias
        self.zero_init_residual = zero_init_residual
        self.init_gain = init_gain
        self.draw_parameters = partial(initialise, scheme=init, bias_value=bias_value, bias_sd=bias_sd)
        # torch's own seed decides until a trial's does, as for any module.
        self.initialise(int(torch.randint(2**31, (), device="cpu")))

    def initialise(self, seed: int) -> None:
        """Draws all parameters anew, keyed by seed and name."""
        self.draw_parameters(self, seed=seed)
        if self.init_gain != 1:
            with torch.no_grad():
                for layer in (self.stem, *self.hidden.layers):
                    cast(nn.Linear, layer).weight.mul_(self.init_gain)
        if self.zero_init_residual:
            self.hidden.zero_branches()
        if self.output_bias is not None:
            nn.init.constant_(self.head.get_parameter("output.bias"), self.output_bias)

    def forward(self, x: Float[Tensor, "batch *inputs"]) -> Float[Tensor, "batch outputs"]:
        """The outputs, after the output activation."""
        x = self.stem_activation(self.stem_norm(self.stem(self.flatten(x))))
        return self.output_activation(self.head(self.hidden(x)))
