"""What every diagnostic yields."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Literal, Protocol, cast

from ablate.config.diagnostic import DIAGNOSTICS
from ablate.execute.diagnose.trace import Trace

Part = Literal["input", "activation", "shortcut", "weights"]
PARTS: Sequence[Part] = ("input", "activation", "shortcut", "weights")
"""What a layer's value is of: what enters the layer, an activation, a shortcut, the layer's own weights. In the order
of `diagnostics.csv`."""


@dataclass(frozen=True, kw_only=True)
class LayerValue:
    """One layer's share of a diagnostic."""

    part: Part
    place: int
    """Among the parts of its kind, in the order of the forward pass."""
    layer: str
    """The module's name."""
    value: float


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A diagnostic of a network. What is not finite is left out of the record."""

    value: float = math.nan
    layers: tuple[LayerValue, ...] = ()


class Measure(Protocol):
    """The function `measure` of a diagnostic's file.

    Reads the trace and changes nothing. NaN where the diagnostic says nothing of this network.
    """

    def __call__(self, trace: Trace, /) -> Finding:
        """Measures one network."""
        ...


def measures() -> Mapping[str, Measure]:
    """The diagnostics' functions, in the order of `DIAGNOSTICS`."""
    package = __name__.rpartition(".")[0]
    return {name: cast(Measure, import_module(f"{package}.{name}").measure) for name in DIAGNOSTICS}
