"""The hidden layers of a network, with identity shortcuts over runs of them.

Shapes: (batch, width, *spatial) is kept by every layer.
Parameters: `layers.k` and `norms.k` at every span, so that arms share names, shapes and draws.
"""

from collections.abc import Callable, Sequence

from jaxtyping import Float
from torch import Tensor, nn

from ablate.errors import ModelError
from ablate.models.option import chosen

MAX_SPAN = 3

BRANCH_ACTIVATIONS: dict[str, Callable[[int, int], bool]] = {
    "all": lambda _layer, _span: True,
    "inner": lambda layer, span: layer < span,
    "none": lambda _layer, _span: False,
}
"""Whether the non-linearity follows the `layer`-th (from 1) of a residual branch's `span` weight layers."""


class Shortcut(nn.Module):
    """y = act(F(x) + x); a module of its own, so that a hook sees branch and skip apart."""

    def __init__(self, activation: nn.Module) -> None:
        super().__init__()
        self.activation = activation

    def forward(
        self, branch: Float[Tensor, "batch width *spatial"], skip: Float[Tensor, "batch width *spatial"]
    ) -> Float[Tensor, "batch width *spatial"]:
        """Adds the skipped features to the branch's."""
        return self.activation(branch + skip)


class HiddenLayers(nn.Module):
    """Weight layers, each followed by norm and activation, with a shortcut over every `skip_span` of them.

    y = F(x) + x with F of `skip_span` layers: He et al. (2015, arXiv 1512.03385, eq. 1).

    With `skip_span` 0 there is no addition, and each layer is weight, norm, activation, once; only where both
    options switch the non-linearity off (`branch_activation` none and `post_activation` false) is there none.

    Raises:
        ModelError: `branch_activation` is unknown, or the span does not fit the depth.
    """

    def __init__(
        self,
        *,
        layers: Sequence[nn.Module],
        norms: Sequence[nn.Module],
        activation: Callable[[], nn.Module],
        skip_span: int,
        branch_activation: str,
        post_activation: bool,
    ) -> None:
        super().__init__()
        activates = chosen("branch_activation", branch_activation, BRANCH_ACTIVATIONS)
        check_span(depth=len(layers), skip_span=skip_span)
        self.span = skip_span
        self.layers = nn.ModuleList(layers)
        self.norms = nn.ModuleList(norms)
        if skip_span:
            active = [activates(k % skip_span + 1, skip_span) for k in range(len(layers))]
        else:
            active = [branch_activation != "none" or post_activation] * len(layers)
        self.activations = nn.ModuleList(activation() if on else nn.Identity() for on in active)
        count = len(layers) // skip_span if skip_span else 0
        self.shortcuts = nn.ModuleList(
            Shortcut(activation() if post_activation else nn.Identity()) for _ in range(count)
        )

    def forward(self, x: Float[Tensor, "batch width *spatial"]) -> Float[Tensor, "batch width *spatial"]:
        """The last layer's features."""
        skip = x
        for k, layer in enumerate(self.layers):
            x = self.activations[k](self.norms[k](layer(x)))
            if self.span and (k + 1) % self.span == 0:
                x = skip = self.shortcuts[k // self.span](x, skip)
        return x


def check_span(*, depth: int, skip_span: int) -> None:
    """Refuses a span that does not tile the hidden layers.

    Raises:
        ModelError: the span is not 0 to 3, or the depth is not a multiple of it: names what fits.
    """
    if not 0 <= skip_span <= MAX_SPAN:
        raise ModelError(f"skip_span must be 0 (no shortcuts) to {MAX_SPAN}, not {skip_span}.")
    if skip_span and depth % skip_span:
        below = depth - depth % skip_span
        spans = [str(span) for span in range(MAX_SPAN + 1) if span == 0 or depth % span == 0]
        raise ModelError(
            f"depth={depth} is not a multiple of skip_span={skip_span}. "
            f"Depths that fit this span: {below}, {below + skip_span}; "
            f"spans that fit this depth: {', '.join(spans)}."
        )
