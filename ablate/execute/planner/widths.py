"""Members of the stacks that are timed, until one is no faster than the one before."""

import torch

WIDTHS = (4, 10, 20)
"""On a CPU. Wider ones gain little more."""

WIDTHS_ON_GPU = (*WIDTHS, 50, 100, 200)
"""On an accelerator, which a narrow stack of small networks leaves idle most of the time."""


def widths_on(device: torch.device, count: int) -> tuple[int, ...]:
    """Widths to time where up to `most` trials may be stacked.

    On an accelerator none is timed that they would not fill but the first: a wide stack takes seconds to build.
    """
    if device.type == "cpu":
        return WIDTHS
    return WIDTHS_ON_GPU[: 1 + sum(width < count for width in WIDTHS_ON_GPU)]
