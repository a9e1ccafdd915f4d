"""The least squared error that an output activation allows, on targets outside its range."""

import math

import torch

from ablate.identities.identity import Identity
from ablate.models import OUTPUT_ACTIVATIONS

TAIL_SD, STEP = 12.0, 1e-4
"""Targets are integrated over this many standard deviations to each side, in steps of this size."""


def normal_targets(*, tolerance: float = 1e-6) -> tuple[Identity, ...]:
    """For standard normal targets, the mean squared distance to the activation's range.

    ReLU: half of the variance. A bound at 1, as of tanh on both sides and sigmoid on one, costs
    E[(y − 1)²; y > 1] = 2 Φ(−1) − φ(1); the floor of a sigmoid, which also has ReLU's, is their sum.

    Args:
        tolerance: Of the integral over a grid.
    """
    y = torch.arange(-TAIL_SD, TAIL_SD + STEP / 2, STEP, dtype=torch.float64)
    density = torch.exp(-y.square() / 2) / math.sqrt(2 * math.pi)
    above_one = math.erfc(1 / math.sqrt(2)) - math.exp(-0.5) / math.sqrt(2 * math.pi)
    floors = {"relu": 0.5, "tanh": 2 * above_one, "sigmoid": 0.5 + above_one}
    identities: list[Identity] = []
    for name, floor in floors.items():
        # All of these are monotone, so that their range lies between their values far out.
        low, high = OUTPUT_ACTIVATIONS[name]()(torch.tensor([-1e6, 1e6], dtype=torch.float64)).tolist()
        found = float(((y - y.clamp(low, high)).square() * density).sum()) * STEP
        identities.append(
            Identity(
                statement=f"least squared error of a {name} output on standard normal targets",
                found=found,
                expected=floor,
                tolerance=tolerance,
            )
        )
    return tuple(identities)
