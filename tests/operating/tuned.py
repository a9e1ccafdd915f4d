"""How often equal arms are found to differ, where each was tuned: `python -m tests.operating.tuned` writes the table.

Two arms have the same response to a setting, a parabola whose optimum lies anywhere in the middle of a grid of four.
Each arm takes the value with the best mean over its tuning seeds; then both train n replicates at what they have taken.
Every training, for tuning or not, varies with SD 1 by itself.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.operating.intervals import student

ALPHA = 0.05
SIZES = (5, 10, 20, 40)
CURVATURES = (0.0, 0.25, 0.5, 1.0, 4.0)
"""What a step of the grid away from the optimum costs, in SDs of a training."""
SEEDS = (1, 2, 4)
VALUES = 4
SAMPLES = 20_000
PAGE = Path(__file__).resolve().parents[2] / "docs" / "tuning.md"
BEGIN, END = "<!-- rates: python -m tests.operating.tuned -->\n", "<!-- end of rates -->\n"

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Rates:
    """Shares of samples whose interval lies wholly above what is named: α, if it holds its level."""

    conditional: float
    """The difference of the arms at the settings that were chosen."""
    unconditional: float
    """0: the difference of the arms at their best settings."""


def chosen(response: Array, seeds: int, rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """The value with the best mean over the tuning seeds.

    Args:
        response: the mean response at each value, shape (samples, values).
        seeds: tuning seeds.
        rng: draws the trainings.
    """
    return (response + rng.normal(size=response.shape) / np.sqrt(seeds)).argmax(axis=1)


def rates(curvature: float, seeds: int, n: int, *, samples: int = SAMPLES, seed: int = 0) -> Rates:
    """The rates of one-sided errors of a 90% t interval of the difference."""
    rng = np.random.default_rng([seed, n, seeds, int(1000 * curvature)])
    optimum = rng.uniform(0.5, VALUES - 1.5, size=(samples, 1))
    response = -curvature * (np.arange(VALUES) - optimum) ** 2
    one, other = (response[np.arange(samples), chosen(response, seeds, rng)] for _ in range(2))
    truth = one - other
    differences = truth[:, None] + np.sqrt(2) * rng.normal(size=(samples, n))
    low = student(differences, ALPHA)[:, 0]
    return Rates(conditional=float(np.mean(low > truth)), unconditional=float(np.mean(low > 0)))


def table() -> list[str]:
    """A row for each curvature and number of tuning seeds: the unconditional rates."""
    rows = [
        f"| a step off the optimum costs | tuning seeds | {' | '.join(f'n = {n}' for n in SIZES)} |",
        f"|---|---|{'---|' * len(SIZES)}",
    ]
    for curvature in CURVATURES:
        for seeds in SEEDS if curvature else SEEDS[:1]:
            cells = [f"{rates(curvature, seeds, n).unconditional:.3f}" for n in SIZES]
            rows.append(f"| {curvature:g} SD | {seeds if curvature else 'any'} | {' | '.join(cells)} |")
    return rows


def main() -> None:
    """Writes the table into the page."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text("\n".join([f"{before}{BEGIN}", *table(), "", f"{END}{after}"]), encoding="utf-8")


if __name__ == "__main__":
    main()
