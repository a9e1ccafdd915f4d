"""What a network costs: one value for all of it, and what each of its numbers is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

Unit = Literal["count", "bytes", "seconds"]
Per = Literal["network", "example", "minibatch"]


@dataclass(frozen=True, kw_only=True)
class CostKind:
    """What one number of a `NetworkCost` is, and how tables show it."""

    heading: str
    unit: Unit
    per: Per
    """What one number is of: the network alone, one example's forward pass, or one minibatch's."""
    measured: bool
    """Measured by the file of its name in `ablate.execute.examine.costs`, once for each design point, and kept in
    `costs.json`. Else it is counted in every trial and kept in the records."""
    timed: bool = False
    """Depends on the device, which the note names as `{timed_on}`."""
    note: str = ""
    """How to read the column."""


def _counted(**kind: Any) -> Any:
    return field(default=None, metadata={"cost": CostKind(measured=False, unit="count", **kind)})


def _measured(**kind: Any) -> Any:
    return field(default=None, metadata={"cost": CostKind(measured=True, **kind)})


@dataclass(frozen=True, kw_only=True)
class NetworkCost:
    """What the network of one design point costs. None: not known, or it could not be measured.

    A field is a number's one entry: another cost is a field here, and for a measured one a file.
    """

    parameters: int | None = _counted(heading="parameters", per="network")
    """Those that train."""
    flops: int | None = _counted(
        heading="FLOPs",
        per="example",
        note="FLOPs: of one example's forward pass.",
    )
    """Of one example's forward pass."""
    activation_bytes: int | None = _measured(
        heading="activations",
        unit="bytes",
        per="minibatch",
        note="Activations: what a minibatch's forward pass keeps for the backward pass.",
    )
    """Kept by a minibatch's forward pass for the backward pass."""
    latency_seconds: float | None = _measured(
        heading="latency",
        unit="seconds",
        per="example",
        timed=True,
        note="Latency: one example's forward pass in evaluation, timed warm and alone, the median; on {timed_on}.",
    )
    """Of one example's forward pass in evaluation: warm, alone, the median."""

    def numbers(self) -> dict[str, Any]:
        """Every number by its name, in the order of `NETWORK_COSTS`; None where it is not known."""
        return {name: getattr(self, name) for name in NETWORK_COSTS}


NETWORK_COSTS: Mapping[str, CostKind] = {f.name: f.metadata["cost"] for f in fields(NetworkCost)}
"""Every number of a `NetworkCost`, in the order of tables."""


def measured_names() -> str:
    """What is measured of a network, as a phrase: `activations and latency`."""
    *others, last = (kind.heading for kind in NETWORK_COSTS.values() if kind.measured)
    return " and ".join([", ".join(others), last] if others else [last])


def joined(costs: Iterable[NetworkCost]) -> NetworkCost:
    """The first known number of each kind, from costs of one network."""
    every = list(costs)
    return NetworkCost(
        **{
            name: next((known for cost in every if (known := getattr(cost, name)) is not None), None)
            for name in NETWORK_COSTS
        }
    )
