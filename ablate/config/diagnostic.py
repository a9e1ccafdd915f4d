"""Diagnostics by name: the closed set that a study's tables can show, and when they are taken."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Moment = Literal["start", "middle", "end"]

MOMENTS: tuple[Moment, ...] = ("start", "middle", "end")
"""Of a training: before its first step, after half of its epochs, after its last step."""


@dataclass(frozen=True, kw_only=True)
class Diagnostic:
    """What is measured of a network on a probe batch.

    `floor` is the least SD that two arms are held against: below it, replicates that agree say nothing of interest.
    """

    title: str
    ratio: bool = False
    """Counts by ratios: averaged and compared as logarithms."""
    moves: bool = True
    """Changes while the network trains, so that its start matters beside its end."""
    floor: float


FRACTION, LOGARITHM = 0.01, 0.05
"""Floors: a point of a hundred, and 5% of a quantity that counts by ratios."""

DIAGNOSTICS: Mapping[str, Diagnostic] = {
    "dead_units": Diagnostic(title="dead units", floor=FRACTION),
    "saturated": Diagnostic(title="saturated fraction", floor=FRACTION),
    "activation_sd": Diagnostic(title="activation SD", ratio=True, floor=LOGARITHM),
    "activation_slope": Diagnostic(title="slope of log activation SD over depth", floor=LOGARITHM),
    "gradient_norm": Diagnostic(title="gradient norm", ratio=True, floor=LOGARITHM),
    "gradient_slope": Diagnostic(title="slope of log gradient norm over depth", floor=LOGARITHM),
    "effective_rank": Diagnostic(title="effective rank", ratio=True, floor=LOGARITHM),
    "unreachable": Diagnostic(title="unreachable training targets", moves=False, floor=FRACTION),
    "branch_to_skip": Diagnostic(title="branch-to-skip norm ratio", ratio=True, floor=LOGARITHM),
}
"""In the order that breaks ties.

`dead_units`: fraction of hidden units that are 0 on every example. `saturated`: fraction of the places at which the
slope of a hidden activation is below .01, as it is on the off side of a ReLU. `activation_sd`: geometric mean over
layers of the SD of what enters them, the first apart; `activation_slope`: change of its natural logarithm per layer.
`gradient_norm`: of the loss, over all weight matrices; `gradient_slope`: change of the logarithm of a layer's own per
layer, towards the output. `effective_rank`: of what enters the last layer, exp of the entropy of its singular values
(Roy and Vetterli, 2007, EUSIPCO, eq. 4); at most the number of examples. `unreachable`: fraction of the training
targets outside the range of the output activation; test targets are not looked at. `branch_to_skip`: norm of what a
residual branch adds over that of what it is added to, mean over the shortcuts.
"""
