"""Why an arm does what it does: cheap numbers about a network on a probe batch (STATISTICS.md, h)."""

import csv
import io
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ablate.config.diagnostic import DIAGNOSTICS, MOMENTS
from ablate.execute.diagnose.output_range import reach
from ablate.execute.diagnose.restored import untouched
from ablate.execute.diagnose.trace import Activated, Trace, effective_rank, fraction, precise

Row = tuple[str, str, float]
"""Layer, diagnostic, value."""


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """Diagnostic → value, and the values by layer. What says nothing of a network, or is not finite, is left out."""

    values: Mapping[str, float]
    layers: tuple[Row, ...]
    failure: str | None = None
    """Why a part of the network could not be looked at."""


def measure(
    network: nn.Module, inputs: Tensor, targets: Tensor, loss: Callable[[Tensor, Tensor], Tensor]
) -> Measurement:
    """Measures a network in the mode that it trains in, and leaves it and the generators as they were.

    Args:
        network: Any module that takes `inputs`.
        inputs: The probe batch, shape (examples, *inputs).
        targets: Its targets, shape (examples, …).
        loss: What is trained on.

    Raises:
        Exception: whatever the network or the loss raises.
    """
    trace, is_regression = Trace(), targets.is_floating_point()
    with untouched(network, inputs.device) as own, torch.enable_grad(), trace.watching(own, last=is_regression):
        outputs = own(inputs)
        named = [(name, w) for name, weights in trace.weights.items() for w in weights if w.requires_grad]
        value = loss(outputs, targets)
        found = torch.autograd.grad(value, [w for _, w in named], allow_unused=True) if named else ()
    gradients: dict[str, list[Tensor]] = {}
    for (name, _), gradient in zip(named, found, strict=True):
        if gradient is not None:
            gradients.setdefault(name, []).append(gradient)
    return measured(trace, gradients, _unreachable(trace, outputs, targets))


def measured(trace: Trace, gradients: Mapping[str, Sequence[Tensor]], unreachable: float | None = None) -> Measurement:
    """What a trace, and the gradients of its layers' weights, come to.

    Args:
        trace: Of one forward pass.
        gradients: Layer → gradients of its weights, in the order of the forward pass.
        unreachable: The fraction of targets, where it is known.
    """
    rank = math.nan if trace.features is None else effective_rank(trace.features)
    rows = [
        *_entered(trace, rank),
        *_activated(trace),
        *((name, "branch_to_skip", ratio) for name, ratio in trace.ratios),
    ]
    norms = [math.hypot(*(float(precise(g.detach()).norm()) for g in gs)) for gs in gradients.values()]
    rows += [(name, "gradient_norm", norm) for name, norm in zip(gradients, norms, strict=True)]
    sds = [e.sd for e in trace.entered]
    values = {
        "dead_units": _share([a.dead for a in _hidden(trace)] or [e.dead for e in trace.entered if e.dead is not None]),
        "saturated": _saturated(trace),
        "activation_sd": _geometric(sds),
        "activation_slope": _slope(sds),
        "gradient_norm": math.hypot(*norms) if norms else math.nan,
        "gradient_slope": _slope(norms),
        "effective_rank": rank,
        "unreachable": math.nan if unreachable is None else unreachable,
        "branch_to_skip": float(np.mean([ratio for _, ratio in trace.ratios])) if trace.ratios else math.nan,
    }
    assert list(values) == list(DIAGNOSTICS)
    return Measurement(
        values={name: value for name, value in values.items() if math.isfinite(value)},
        layers=tuple(row for row in rows if math.isfinite(row[2])),
        failure=trace.failure,
    )


def by_moment(measurements: Mapping[str, Measurement]) -> dict[str, dict[str, float]]:
    """Diagnostic → moment → value, moments in their order."""
    values: dict[str, dict[str, float]] = {}
    for moment in MOMENTS:
        for name, value in measurements[moment].values.items() if moment in measurements else ():
            values.setdefault(name, {})[moment] = value
    return values


def as_csv(measurements: Mapping[str, Measurement]) -> str:
    """Moment → measurement, one row per moment, layer and diagnostic.

    `activation_sd` is of what enters the layer, and so is `effective_rank`, of the last layer only, as it takes the
    longest; `gradient_norm` is of the layer's weights; `dead_units`, `saturated` and `branch_to_skip` are of the
    activation or the shortcut that is named.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("moment", "layer", "diagnostic", "value"))
    writer.writerows((moment, *row) for moment, found in measurements.items() for row in found.layers)
    return text.getvalue()


def _entered(trace: Trace, rank: float) -> Iterator[Row]:
    for entered in trace.entered:
        yield entered.name, "activation_sd", entered.sd
    if trace.entered:
        yield trace.entered[-1].name, "effective_rank", rank


def _activated(trace: Trace) -> Iterator[Row]:
    for activated in _hidden(trace):
        yield activated.name, "dead_units", _share([activated.dead])
        if activated.saturated is not None:
            yield activated.name, "saturated", activated.saturated


def _hidden(trace: Trace) -> list[Activated]:
    """The activations that a layer follows: what comes after the last is an output."""
    return [a for a in trace.activated if a.layers < trace.layers]


def _saturated(trace: Trace) -> float:
    found = [(a.saturated, a.places) for a in _hidden(trace) if a.saturated is not None]
    places = sum(n for _, n in found)
    return sum(share * n for share, n in found) / places if places else math.nan


def _share(dead: Sequence[Tensor]) -> float:
    return float(torch.cat(list(dead)).cpu().double().mean()) if dead else math.nan


def _geometric(values: Sequence[float]) -> float:
    return float(np.exp(np.mean(_logarithms(values)))) if values else math.nan


def _slope(values: Sequence[float]) -> float:
    """Least-squares slope of the logarithm over positions 0, 1, 2, …; NaN for fewer than two, or where one is 0."""
    logs = _logarithms(values)
    if len(logs) < 2 or not np.isfinite(logs).all():
        return math.nan
    positions = np.arange(len(logs)) - (len(logs) - 1) / 2
    return float(positions @ logs / (positions @ positions))


def _logarithms(values: Sequence[float]) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    with np.errstate(divide="ignore"):
        return np.log(np.array(values, dtype=np.float64))


def _unreachable(trace: Trace, outputs: Tensor, targets: Tensor) -> float | None:
    """None for classes, where the last module's output is not the network's, and where its range is not known."""
    if trace.last is None or trace.last[1] is not outputs or not targets.is_floating_point():
        return None
    bounds = reach(trace.last[0])
    if bounds is None:
        return None
    return fraction((targets < bounds[0]) | (targets > bounds[1]))
