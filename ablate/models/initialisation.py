"""Initialisation keyed by parameter name: equal names and shapes get equal draws, whatever else changes.

Shapes: a weight is (units, inputs) when dense, (units, inputs, *kernel) when convolutional. Fan-in and
fan-out count the kernel's area by default. Every scheme transforms the same draw from N(0, 1).
"""

import hashlib
import math
from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ablate.errors import ModelError
from ablate.models.hidden import SkipInit
from ablate.models.option import chosen

Weight = Float[Tensor, "units inputs *kernel"]
Fans = tuple[int, int]
GATES = {nn.GRU: 3, nn.LSTM: 4}
"""Recurrent layers → gates."""


def he(draw: Weight, fans: Fans) -> Weight:
    """Variance 2 / fan-in: He et al. (2015, arXiv 1502.01852, eq. 10)."""
    return draw * math.sqrt(2 / fans[0])


def xavier(draw: Weight, fans: Fans) -> Weight:
    """Variance 2 / (fan-in + fan-out): Glorot & Bengio (2010, AISTATS, eq. 12), as a normal."""
    return draw * math.sqrt(2 / sum(fans))


def lecun(draw: Weight, fans: Fans) -> Weight:
    """Variance 1 / fan-in: LeCun et al. (1998, Efficient BackProp, section 4.6)."""
    return draw * math.sqrt(1 / fans[0])


def orthogonal(draw: Weight, _fans: Fans) -> Weight:
    """Orthonormal rows of (units, fan-in), or columns if they are fewer: Saxe et al. (2013, arXiv 1312.6120).

    Q of the draw's QR, with signs such that R's diagonal is positive: uniform over orthogonal matrices.
    """
    matrix = draw.flatten(1)
    wide = matrix.shape[0] < matrix.shape[1]
    q, r = torch.linalg.qr(matrix.T if wide else matrix)
    q = q * torch.where(r.diagonal() < 0, -1.0, 1.0).to(q)
    return (q.T if wide else q).reshape(draw.shape)


def normal_1(draw: Weight, _fans: Fans) -> Weight:
    """N(0, 1), whatever the fans."""
    return draw


def normal_001(draw: Weight, _fans: Fans) -> Weight:
    """N(0, .01²), whatever the fans."""
    return draw * 0.01


INITIALISERS: dict[str, Callable[[Weight, Fans], Weight]] = {
    "he": he,
    "lecun": lecun,
    "normal_001": normal_001,
    "normal_1": normal_1,
    "orthogonal": orthogonal,
    "xavier": xavier,
}
FAN_SCALED = ("he", "lecun", "xavier")
"""Schemes whose variance depends on the fans."""


def draw_normal(name: str, shape: Sequence[int], *, seed: int) -> Float[Tensor, "..."]:
    """The N(0, 1) draw of one parameter, in float64 on the CPU, so that neither dtype nor device changes it.

    A shape counts as its matrix (units, fan-in): a dense layer and its convolutional form start equal.
    """
    units, fan_in = shape[0], math.prod(shape[1:])
    # Four bytes: torch's CPU generator keeps no more of a seed.
    digest = hashlib.sha256(f"{seed}|{name}|{units}x{fan_in}".encode()).digest()
    generator = torch.Generator(device="cpu").manual_seed(int.from_bytes(digest[:4], "big"))
    return torch.randn(*shape, generator=generator, dtype=torch.float64, device="cpu")


@torch.no_grad()
def initialise(
    module: nn.Module,
    *,
    scheme: str,
    seed: int,
    bias_value: float = 0.0,
    bias_sd: float = 0.0,
    fan_area: bool = True,
) -> None:
    """Sets every parameter: weights by the scheme, biases to N(bias_value, bias_sd²), norms to scale 1 and shift 0.

    Depends on nothing but the arguments; running statistics of batch norms are reset. Each group of a grouped
    convolution and each gate of a GRU or LSTM counts as a matrix of its own. A module on the meta device has no values
    to set, and costs nothing. The scalar of a branch is set to 0, as its `SkipInit` says.

    Raises:
        ModelError: the scheme is unknown, `fan_area` is false for one without fans, or a layer with parameters
            is of a kind without a rule here.
    """
    transform = chosen("init", scheme, INITIALISERS)
    if not fan_area and scheme not in FAN_SCALED:
        raise ModelError(f"fan_area=false changes nothing for init={scheme}. Valid with it: {', '.join(FAN_SCALED)}.")

    def set_weight(weight: Tensor, name: str, matrices: int) -> None:
        if weight.is_meta:
            return
        parts = draw_normal(name, weight.shape, seed=seed).chunk(matrices)
        weight.copy_(torch.cat([transform(part, _fans(part, area=fan_area)) for part in parts]))

    def set_bias(bias: Tensor | None, name: str) -> None:
        if bias is None or bias.is_meta:
            return
        bias.fill_(bias_value)
        if bias_sd:
            bias.copy_(bias_value + bias_sd * draw_normal(name, bias.shape, seed=seed))

    for path, layer in module.named_modules():
        prefix = f"{path}." if path else ""
        match layer:
            case nn.Linear() | nn.Conv1d() | nn.Conv2d() | nn.Conv3d():
                set_weight(layer.weight, f"{prefix}weight", 1 if isinstance(layer, nn.Linear) else layer.groups)
                set_bias(layer.bias, f"{prefix}bias")
            case nn.GRU() | nn.LSTM():
                for name, parameter in layer.named_parameters(recurse=False):
                    if name.startswith("bias"):
                        set_bias(parameter, f"{prefix}{name}")
                    else:
                        set_weight(
                            parameter, f"{prefix}{name}", GATES[nn.GRU if isinstance(layer, nn.GRU) else nn.LSTM]
                        )
            case nn.BatchNorm1d() | nn.BatchNorm2d() | nn.BatchNorm3d() | nn.GroupNorm() | nn.LayerNorm():
                layer.reset_parameters()
            case SkipInit():
                layer.reset_parameters()
            case _ if any(True for _ in layer.parameters(recurse=False)):
                kind = type(layer).__name__
                raise ModelError(
                    f"No rule to initialise {path or 'the module'}, a {kind}. "
                    "Valid: linear and convolutional layers, GRUs, LSTMs, batch, group and layer norms. "
                    "Give the model an `initialise(seed)` method of its own."
                )
            case _:
                pass


def _fans(weight: Weight, *, area: bool) -> Fans:
    positions = math.prod(weight.shape[2:]) if area else 1
    return weight.shape[1] * positions, weight.shape[0] * positions
