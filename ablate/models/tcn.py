"""A temporal convolutional network: dilated convolutions over the steps of a sequence.

Shapes: inputs (batch, channels, steps) → features (batch, width, steps) → outputs (batch, outputs). With `masked` the
last channel is 1 at the steps of a sequence and 0 at the padding after it.
Parameters: `layers.k` and `head`, by these names in every arm.
Source: Bai et al. (2018, arXiv 1803.01271, section 3), without shortcuts, weight norm and dropout.
"""

from collections.abc import Sequence
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import pad

from ablate.errors import ModelError
from ablate.models.activation import hidden
from ablate.models.head import SEQUENCE_HEADS, HeadSpec, build_head
from ablate.models.initialisation import initialise
from ablate.models.option import check_at_least, check_bias, check_inputs


class TCN(nn.Module):
    """`depth` convolutions over the steps, causal or centred, and a head.

    `conf/model/tcn.yaml` explains each option. With the heads gap, max and steps the network takes sequences of any
    length.
    `ahead` is how many steps after its own a feature depends on: 0 if causal.

    Raises:
        ModelError: an option has no valid value, or two of them do not fit each other.
    """

    def __init__(
        self,
        *,
        inputs: Sequence[int],
        outputs: int,
        width: int = 16,
        depth: int = 3,
        kernel: int = 3,
        dilation_base: int = 2,
        causal: bool = True,
        hidden_activation: str = "relu",
        head: str = "gap",
        bias: bool = True,
        bias_value: float = 0.0,
        init: str = "he",
        masked: bool = False,
    ) -> None:
        super().__init__()
        check_inputs(inputs)
        if len(inputs) != 2:
            raise ModelError(f"TCN needs inputs (channels, steps), not {tuple(inputs)}.")
        check_at_least(1, outputs=outputs, width=width, depth=depth, kernel=kernel, dilation_base=dilation_base)
        check_bias(bias=bias, bias_value=bias_value)
        if not causal and kernel % 2 == 0:
            raise ModelError(f"A centred kernel has a middle: with causal=false, kernel must be odd, not {kernel}.")
        if masked and inputs[0] < 2:
            raise ModelError(f"masked=true takes the last channel for the mask; inputs {tuple(inputs)} have no other.")
        self.masked, self.head_name = masked, head
        activation = hidden(hidden_activation)
        self.layers = nn.ModuleList(
            nn.Conv1d(width if k else inputs[0] - masked, width, kernel, dilation=dilation_base**k, bias=bias)
            for k in range(depth)
        )
        self.activations = nn.ModuleList(activation() for _ in range(depth))
        spans = [dilation_base**k * (kernel - 1) for k in range(depth)]
        self.padding = [(span, 0) if causal else (span // 2, span // 2) for span in spans]
        self.ahead = sum(after for _, after in self.padding)
        spec = HeadSpec(width=width, spatial=(inputs[1],), outputs=outputs, bias=bias, activation=activation)
        self.head = build_head(head, spec, SEQUENCE_HEADS)
        self.draw_parameters = partial(initialise, scheme=init, bias_value=bias_value)
        # torch's own seed decides until a trial's does, as for any module.
        self.initialise(int(torch.randint(2**31, (), device="cpu")))

    def initialise(self, seed: int) -> None:
        """Draws all parameters anew, keyed by seed and name."""
        self.draw_parameters(self, seed=seed)

    def forward(self, x: Float[Tensor, "batch channels steps"]) -> Float[Tensor, "batch outputs"]:
        """The outputs."""
        x, present = (x[:, :-1], x[:, -1:]) if self.masked else (x, None)
        for layer, activation, around in zip(self.layers, self.activations, self.padding, strict=True):
            x = activation(layer(pad(x, around)))
        return self.head(x if present is None else self._within(x, present))

    def _within(
        self, x: Float[Tensor, "batch width steps"], present: Float[Tensor, "batch 1 steps"]
    ) -> Float[Tensor, "batch width steps"]:
        """Features of which the head sees the steps that are present, and takes its mean or maximum over these."""
        if self.head_name == "max":
            return torch.where(present > 0, x, -torch.inf)
        x = x * present
        return x * (present.shape[2] / present.sum(2, keepdim=True)) if self.head_name == "gap" else x
