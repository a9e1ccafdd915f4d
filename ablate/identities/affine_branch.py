"""A residual net without a non-linearity is affine; with one, its distance from affine is computed exactly."""

from collections.abc import Sequence

import torch

from ablate.identities.identity import Identity
from ablate.models import MLP

EXAMPLES, OUTPUTS = 32, 2


def affine_residual(
    *,
    inputs: Sequence[int] = (2,),
    width: int = 16,
    depth: int = 4,
    skip_span: int = 2,
    seed: int = 0,
    tolerance: float = 1e-12,
) -> tuple[Identity, ...]:
    """The affine residual f(x+y) − f(x) − f(y) + f(0) of a residual MLP, which is 0 just if f is affine.

    For contrast, one block s + ReLU(Ws) without biases under a linear head H: with y = −x its residual is H|Ws|,
    because ReLU(a) + ReLU(−a) = |a|.

    Args:
        inputs: Sizes of one example.
        width: Units of every hidden layer.
        depth: Hidden layers.
        skip_span: Of them, layers under one shortcut.
        seed: Of weights, biases and examples, which are standard normal.
        tolerance: Of the residuals, relative to the largest output.
    """
    random = torch.Generator().manual_seed(seed)
    x, y = torch.randn(2, EXAMPLES, *inputs, generator=random, dtype=torch.float64)
    zero = torch.zeros_like(x)
    with torch.no_grad():
        linear = MLP(
            inputs=inputs, outputs=OUTPUTS, width=width, depth=depth, skip_span=skip_span,
            branch_activation="none", stem_activation=False, bias_sd=1.0,
        ).double()  # fmt: skip
        linear.initialise(seed)
        block = MLP(inputs=inputs, outputs=OUTPUTS, width=width, depth=1, skip_span=1, stem_activation=False).double()
        block.initialise(seed)
        residual = linear(x + y) - linear(x) - linear(y) + linear(zero)
        bent = block(x) + block(-x) - 2 * block(zero)
        expected = block.head(block.hidden.layers[0](block.stem(block.flatten(x))).abs())
        most = expected.abs().max().item()
        scale = max(float(linear(x + y).abs().max()), 1.0)
    return (
        Identity(
            statement=f"a residual net of {depth} layers without a non-linearity is affine (relative)",
            found=float(residual.abs().max()) / scale,
            expected=0.0,
            tolerance=tolerance,
        ),
        Identity(
            statement=f"with ReLU in its branch its affine residual is H|Ws|, up to {most:.3g}",
            found=(bent - expected).abs().max().item(),
            expected=0.0,
            tolerance=tolerance * max(most, 1.0),
        ),
    )
