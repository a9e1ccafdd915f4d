"""Diagnostics by name: the closed set that a study's tables can show, and when they are taken.

How one is computed is the function `measure` in the file of its name in `ablate.execute.diagnose.diagnostics`, which
is read where there is torch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ablate.config.threshold import counts_updates

Moment = Literal["start", "middle", "end"]

MOMENTS: tuple[Moment, ...] = ("start", "middle", "end")
"""Of a training: before its first step, after half of its epochs, after its last step."""

EXAMPLES = 48
"""Of the training split, those that are measured unless a study asks for more: few, so that diagnostics cost less than
5% of a short training."""


@dataclass(frozen=True, kw_only=True)
class Diagnostic:
    """What is measured of a network on a probe batch.

    `floor` is the least SD that a difference of two arms is compared with. A smaller one, where replicates agree,
    would make a difference of no interest seem large.
    """

    title: str
    about: str
    """What is counted, in a sentence."""
    ratio: bool = False
    """Counts by ratios: averaged and compared as logarithms."""
    moves: bool = True
    """Changes while the network trains, so that its start matters beside its end."""
    floor: float
    by_activation: str = ""
    """Why arms with other types of activation differ in it by definition; empty where they do not."""


FRACTION, LOGARITHM = 0.01, 0.05
"""Floors: a point of a hundred, and 5% of a quantity that counts by ratios."""

DIAGNOSTICS: Mapping[str, Diagnostic] = {
    "dead_units": Diagnostic(
        title="dead units",
        about="Fraction of hidden units that are 0 on every example.",
        floor=FRACTION,
    ),
    "saturated": Diagnostic(
        title="saturated fraction",
        about="Fraction of the places at which the slope of a hidden activation is below .01.",
        floor=FRACTION,
        by_activation="the off side of a ReLU counts",
    ),
    "zeros": Diagnostic(
        title="share of exact zeros",
        about="Fraction of the places at which a hidden activation is exactly 0.",
        floor=FRACTION,
        by_activation="the off side of a ReLU is 0",
    ),
    "activation_sd": Diagnostic(
        title="activation SD",
        about="Geometric mean over layers of the SD of what enters them, the first apart.",
        ratio=True,
        floor=LOGARITHM,
    ),
    "activation_slope": Diagnostic(
        title="slope of log activation SD over depth",
        about="Change of the natural logarithm of the activation SD per layer.",
        floor=LOGARITHM,
    ),
    "gradient_norm": Diagnostic(
        title="gradient norm",
        about="Norm of the loss's gradient by all weight matrices.",
        ratio=True,
        floor=LOGARITHM,
    ),
    "gradient_slope": Diagnostic(
        title="slope of log gradient norm over depth",
        about="Change of the natural logarithm of a layer's gradient norm per layer, towards the output.",
        floor=LOGARITHM,
    ),
    "effective_rank": Diagnostic(
        title="effective rank",
        about="Of what enters the last layer, exp of the entropy of its singular values; at most the number of "
        "examples.",
        ratio=True,
        floor=LOGARITHM,
    ),
    "unreachable": Diagnostic(
        title="unreachable training targets",
        about="Fraction of the training targets outside the range of the output activation; test targets are not used.",
        moves=False,
        floor=FRACTION,
    ),
    "branch_to_skip": Diagnostic(
        title="branch-to-skip norm ratio",
        about="Norm of what a residual branch adds over that of what it is added to, mean over the shortcuts.",
        ratio=True,
        floor=LOGARITHM,
    ),
}
"""In the order that breaks ties."""


SECONDS = "train/seconds"
"""The response that is the time of the training: wall seconds of the fit, validation included."""


def is_measured(response: str) -> bool:
    """Whether a response is measured of a network or its training, as `end/dead_units`, and not of its outputs."""
    return response == SECONDS or counts_updates(response) or measured_as(response) is not None


def measured_as(response: str) -> tuple[Moment, str] | None:
    """The moment and the diagnostic that a response such as `end/dead_units` names; None: it is no diagnostic."""
    moment, _, name = response.partition("/")
    return (moment, name) if moment in MOMENTS and name in DIAGNOSTICS else None
