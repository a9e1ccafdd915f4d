"""The diagnostics of one network on a probe batch."""

import csv
import io
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ablate.config.diagnostic import MOMENTS
from ablate.execute.diagnose.diagnostics._base import PARTS, measures
from ablate.execute.diagnose.restored import restored
from ablate.execute.diagnose.trace import Trace

MEASURES = measures()

Row = tuple[str, str, float]
"""Layer, diagnostic, value."""


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """Diagnostic → value, and the values by layer. A value that is not finite is left out."""

    values: Mapping[str, float]
    layers: tuple[Row, ...]
    failure: str | None = None
    """Why a part of the network could not be measured."""


def measure(
    network: nn.Module, inputs: Tensor, targets: Tensor, loss: Callable[[Tensor, Tensor], Tensor]
) -> Measurement:
    """Measures a network in the mode that it trains in, and leaves it and the generators as they were.

    Args, errors: as `traced`.
    """
    return measured(traced(network, inputs, targets, loss))


def traced(network: nn.Module, inputs: Tensor, targets: Tensor, loss: Callable[[Tensor, Tensor], Tensor]) -> Trace:
    """The trace of a forward and a backward pass, all of it on the device: `fetch` brings several traces over at once.

    Args:
        network: Any module that takes `inputs`.
        inputs: The probe batch, shape (examples, *inputs).
        targets: Its targets, shape (examples, …).
        loss: What is trained on.

    Raises:
        Exception: whatever the network or the loss raises.
    """
    trace, is_regression = Trace(len(inputs)), targets.is_floating_point()
    with restored(network, inputs.device) as watched, torch.enable_grad(), trace.watching(watched, last=is_regression):
        outputs = watched(inputs)
        named = [(name, w) for name, weights in trace.weights.items() for w in weights if w.requires_grad]
        value = loss(outputs, targets)
        found = torch.autograd.grad(value, [w for _, w in named], allow_unused=True) if named else ()
    gradients: dict[str, list[Tensor]] = {}
    for (name, _), gradient in zip(named, found, strict=True):
        if gradient is not None:
            gradients.setdefault(name, []).append(gradient)
    trace.outputs, trace.targets, trace.gradients = outputs, targets, gradients
    return trace


def measured(trace: Trace) -> Measurement:
    """The measurement from a trace of one forward pass."""
    found = {name: measure(trace) for name, measure in MEASURES.items()}
    rows = [(layer, name) for name, finding in found.items() for layer in finding.layers]
    rows.sort(key=lambda row: (PARTS.index(row[0].part), row[0].place))  # stable: diagnostics in their order
    return Measurement(
        values={name: finding.value for name, finding in found.items() if math.isfinite(finding.value)},
        layers=tuple((layer.layer, name, layer.value) for layer, name in rows if math.isfinite(layer.value)),
        failure=trace.failure,
    )


def as_state(measurements: Mapping[str, Measurement]) -> dict[str, Any]:
    """Moment → measurement, as plain numbers and texts."""
    return {
        moment: (dict(found.values), [list(row) for row in found.layers], found.failure)
        for moment, found in measurements.items()
    }


def from_state(state: Mapping[str, Any]) -> dict[str, Measurement]:
    """Moment → measurement, from what `as_state` has made of it."""
    return {
        moment: Measurement(
            values=values, layers=tuple((layer, name, value) for layer, name, value in rows), failure=failure
        )
        for moment, (values, rows, failure) in state.items()
    }


def by_moment(measurements: Mapping[str, Measurement]) -> dict[str, dict[str, float]]:
    """Diagnostic → moment → value, moments in their order."""
    values: dict[str, dict[str, float]] = {}
    for moment in MOMENTS:
        for name, value in measurements[moment].values.items() if moment in measurements else ():
            values.setdefault(name, {})[moment] = value
    return values


def as_csv(measurements: Mapping[str, Measurement]) -> str:
    """Moment → measurement, one row per moment, layer and diagnostic."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("moment", "layer", "diagnostic", "value"))
    writer.writerows((moment, *row) for moment, found in measurements.items() for row in found.layers)
    return text.getvalue()
