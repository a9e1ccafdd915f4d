"""How often an interval of a paired difference misses the truth on its worse side, by shape, spread and pairing."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from tests.operating.intervals import METHODS, Array, Method, student

ALPHA = 0.05
"""Of each tail: that of a claim."""
SIZES = (5, 10, 20, 40)
SAMPLES = 20_000
BOOTSTRAPPED = 4_000
"""Samples of which the bootstrap is taken: it draws hundreds of each."""

Draw = Callable[[np.random.Generator, tuple[int, int]], Array]

SHAPES: Mapping[str, Draw] = {
    "normal": lambda rng, size: rng.normal(size=size),
    "exponential": lambda rng, size: 1 - rng.exponential(size=size),
    "log-normal": lambda rng, size: (math.exp(0.5) - rng.lognormal(size=size)) / 2.161,
    "collapses in 1 of 10": lambda rng, size: (0.1 - (rng.random(size) < 0.1)) / 0.3 + 0.1 * rng.normal(size=size),
}
"""Distributions of an arm's responses, of mean 0 and SD 1 (1.005 the last). The long tail is on the worse side."""


@dataclass(frozen=True)
class Case:
    """How the responses of two arms with the same mean vary over replicates."""

    arm: str
    reference: str
    spread: float = 1.0
    """SD of the arm beside that of the reference."""
    shared: float = 0.0
    """Share of the reference's variance that both arms have in common: what pairing takes out."""

    @property
    def name(self) -> str:
        """For a row of the table."""
        parts = [f"{self.arm} against {self.reference}"]
        parts += [f"SD {self.spread:g} : 1"] if self.spread != 1 else []
        parts += [f"{self.shared:.0%} of the variance shared"] if self.shared else []
        return ", ".join(parts)

    def differences(self, rng: np.random.Generator, n: int, samples: int) -> Array:
        """Arm − reference, shape (samples, n); their mean is 0."""
        size = samples, n
        left = math.sqrt(1 - self.shared)
        return self.spread * SHAPES[self.arm](rng, size) - left * SHAPES[self.reference](rng, size)


CASES = (
    Case("normal", "normal"),
    Case("exponential", "exponential"),
    Case("exponential", "normal"),
    Case("exponential", "normal", shared=0.8),
    Case("exponential", "normal", spread=5.0),
    Case("log-normal", "normal"),
    Case("log-normal", "normal", spread=5.0),
    Case("collapses in 1 of 10", "normal"),
    Case("collapses in 1 of 10", "normal", spread=5.0),
)


@dataclass(frozen=True)
class Rate:
    """Of one method, in one case, at one n."""

    worse: float
    """Share of samples whose interval lies wholly on one side of the truth: the side where that is more frequent."""
    better: float
    width: float
    """Median width beside that of Student's t."""


def rate(case: Case, method: Method, n: int, *, samples: int = SAMPLES, seed: int = 0) -> Rate | None:
    """None where the method has no interval at this n."""
    values = case.differences(np.random.default_rng([seed, n]), n, samples)
    ends, plain = method(values, ALPHA), student(values, ALPHA)
    if np.isnan(ends).all():
        return None
    tails = sorted([float(np.mean(ends[:, 0] > 0)), float(np.mean(ends[:, 1] < 0))])
    return Rate(
        worse=tails[1], better=tails[0], width=float(np.median(np.ptp(ends, axis=1)) / np.median(np.ptp(plain, axis=1)))
    )


def samples_of(method: str) -> int:
    """How many samples a method's rates are of."""
    return BOOTSTRAPPED if method == "bootstrap-t" else SAMPLES


def table(n: int) -> list[str]:
    """A row for each case: the rate of the worse tail, and the median width beside that of t."""
    rows = [f"| arms | {' | '.join(METHODS)} |", f"|---|{'---|' * len(METHODS)}"]
    for case in CASES:
        cells = []
        for name, method in METHODS.items():
            found = rate(case, method, n, samples=samples_of(name))
            cells.append("–" if found is None else f"{found.worse:.3f} ({found.width:.2f})")
        rows.append(f"| {case.name} | {' | '.join(cells)} |")
    return rows
