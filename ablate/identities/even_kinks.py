"""What a layer of ReLUs can do on a curve before anything is trained: it can be the curve's linear interpolation."""

from collections.abc import Sequence

import numpy as np
import torch

from ablate.data.curve import CURVES
from ablate.identities.identity import Identity
from ablate.models import MLP

GRID = 2001
"""Points at which the largest error is taken, as on the test set of `ablate.data.curve`."""


def sup_error(
    *, function: str = "runge", widths: Sequence[int] = (4, 16, 64, 256), tolerance: float = 1e-12
) -> tuple[Identity, ...]:
    """The largest error of a layer whose weights are computed: even kinks, and the slopes between the curve's values.

    With kinks at x_k = −1 + 2k/W, k = 0 … W − 1, and each weight of the head the change of slope at its kink, W ReLUs
    interpolate the curve linearly on W + 1 points. Their error is at most (2/W)² max|f″| / 8, so that a wider layer
    can follow the curve as closely as is wished, whatever training makes of it.

    Args:
        function: A name in `ablate.data.curve.CURVES`.
        widths: Of the layer.
        tolerance: Of the network's largest error against that of `numpy.interp`.
    """
    grid = np.linspace(-1, 1, GRID)
    curve = CURVES[function]
    identities: list[Identity] = []
    for width in widths:
        places = np.linspace(-1, 1, width + 1)
        predicted = _network(places, curve(places))(torch.from_numpy(grid).unsqueeze(1))
        identities.append(
            Identity(
                statement=f"largest error of {width} ReLUs that interpolate the curve, untrained",
                found=float(np.abs(predicted.detach().numpy()[:, 0] - curve(grid)).max()),
                expected=float(np.abs(np.interp(grid, places, curve(places)) - curve(grid)).max()),
                tolerance=tolerance,
            )
        )
    return tuple(identities)


def _network(places: np.ndarray, values: np.ndarray) -> MLP:
    """Linear interpolation between the points, as a network with a kink at each of them but the last."""
    slopes = np.diff(values) / np.diff(places)
    network = MLP(inputs=[1], outputs=1, width=len(slopes), depth=0).double()
    weights = {
        "stem.weight": np.ones((len(slopes), 1)),
        "stem.bias": -places[:-1],
        "head.output.weight": np.diff(slopes, prepend=0.0)[None, :],
        "head.output.bias": values[:1],
    }
    network.load_state_dict({name: torch.from_numpy(value.copy()) for name, value in weights.items()})
    return network
