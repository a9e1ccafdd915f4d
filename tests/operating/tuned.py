"""How often equal arms are found to differ, where each was tuned: `python -m tests.operating.tuned` writes the tables.

Two arms have the same response to a setting, a parabola whose optimum lies anywhere in the middle of a grid of four.
Each arm takes the value with the best mean over its tuning seeds; then both train n replicates at what they have taken.
Every training, for tuning or not, varies with SD 1 by itself.

Where candidates are halved, short trainings decide. They may prefer other values than whole ones: the optimum of the
first rung is then shifted, by the same number of steps of the grid in both arms, and that of the second by half of it.
"""

from collections.abc import Sequence
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
RUNGS = 2
"""All values, then the better half of them: the default."""
SHIFTS = (0.0, 0.5, 1.0)
"""Of the optimum on the first rung, in steps of the grid."""
HALVED_SEEDS = 2
"""Tuning seeds of the table on halving: the default."""
SAMPLES = 20_000
PAGE = Path(__file__).resolve().parents[2] / "docs" / "tuning.md"
BEGIN, END = "<!-- rates: python -m tests.operating.tuned -->\n", "<!-- end of rates -->\n"
HALVED_BEGIN, HALVED_END = (
    "<!-- rates where candidates are halved: python -m tests.operating.tuned -->\n",
    "<!-- end of rates where candidates are halved -->\n",
)

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


def halved(responses: Sequence[Array], seeds: int, rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """The value that is left: after each rung but the last the better half goes on, then the best is taken.

    Args:
        responses: rung by rung, the mean response at each value, shape (samples, values).
        seeds: tuning seeds.
        rng: draws the trainings, anew on each rung.
    """
    stands = np.ones(responses[0].shape, dtype=bool)
    for response in responses[:-1]:
        scores = np.where(stands, response + rng.normal(size=response.shape) / np.sqrt(seeds), -np.inf)
        left = -(-int(stands[0].sum()) // 2)
        stands = np.argsort(np.argsort(-scores, axis=1, kind="stable"), axis=1) < left
    last = responses[-1] + rng.normal(size=responses[-1].shape) / np.sqrt(seeds)
    return np.where(stands, last, -np.inf).argmax(axis=1)


def rates(
    curvature: float, seeds: int, n: int, *, shift: float | None = None, samples: int = SAMPLES, seed: int = 0
) -> Rates:
    """The rates of one-sided errors of a 90% t interval of the difference. Arguments are those of `compared`."""
    truth, differences = compared(curvature, seeds, n, shift=shift, samples=samples, seed=seed)
    low = student(differences, ALPHA)[:, 0]
    return Rates(conditional=float(np.mean(low > truth)), unconditional=float(np.mean(low > 0)))


def compared(
    curvature: float, seeds: int, n: int, *, shift: float | None = None, samples: int = SAMPLES, seed: int = 0
) -> tuple[Array, Array]:
    """Pairs of tuned arms: their true difference at the chosen settings, shape (samples,), and that of each replicate.

    Args:
        curvature: what a step off the optimum costs, in SDs of a training.
        seeds: tuning seeds.
        n: replicates.
        shift: of the optimum on the first rung, where candidates are halved; None: they are not.
        samples: pairs of tuned arms.
        seed: of all that is drawn.
    """
    entropy = [seed, n, seeds, int(1000 * curvature)]
    rng = np.random.default_rng(entropy if shift is None else [*entropy, 1 + int(1000 * shift)])
    optimum = rng.uniform(0.5, VALUES - 1.5, size=(samples, 1))

    def response(shifted: float) -> Array:
        return -curvature * (np.arange(VALUES) - optimum - shifted) ** 2

    whole = response(0.0)
    short = [] if shift is None else [response(shift / 2**rung) for rung in range(RUNGS)]
    one, other = (
        whole[np.arange(samples), halved(short, seeds, rng) if short else chosen(whole, seeds, rng)] for _ in range(2)
    )
    truth = one - other
    return truth, truth[:, None] + np.sqrt(2) * rng.normal(size=(samples, n))


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


def halved_table() -> list[str]:
    """A row for each curvature and shift, and for no halving: the unconditional rates."""
    rows = [
        f"| a step off the optimum costs | short trainings prefer | {' | '.join(f'n = {n}' for n in SIZES)} |",
        f"|---|---|{'---|' * len(SIZES)}",
    ]
    for curvature in CURVATURES[1:]:
        for shift in (None, *SHIFTS):
            cells = [f"{rates(curvature, HALVED_SEEDS, n, shift=shift).unconditional:.3f}" for n in SIZES]
            rows.append(f"| {curvature:g} SD | {shift_cell(shift)} | {' | '.join(cells)} |")
    return rows


def shift_cell(shift: float | None) -> str:
    """What short trainings prefer."""
    if shift is None:
        return "(no halving)"
    return f"the values {shift:g} of a step higher" if shift else "the same values"


def written(page: str, begin: str, end: str, rows: Sequence[str]) -> str:
    """The page with other rows between two marks."""
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    return "\n".join([f"{before}{begin}", *rows, "", f"{end}{after}"])


def main() -> None:
    """Writes the tables into the page."""
    page = written(PAGE.read_text(encoding="utf-8"), BEGIN, END, table())
    PAGE.write_text(written(page, HALVED_BEGIN, HALVED_END, halved_table()), encoding="utf-8")


if __name__ == "__main__":
    main()
