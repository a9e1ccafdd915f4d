"""The published error rates of tuned comparisons, and what they rest on."""

import re

import numpy as np
import pytest

from ablate.plan.tuning import ranked
from tests.operating.tuned import ALPHA, BEGIN, CURVATURES, END, PAGE, SIZES, chosen, rates

pytestmark = pytest.mark.numeric

SAMPLES = 4000


def standard_error(rate: float, samples: int) -> float:
    return (rate * (1 - rate) / samples) ** 0.5


def test_the_simulated_choice_is_that_of_the_package():
    rng = np.random.default_rng(0)
    response = rng.normal(size=(200, 4))
    drawn = np.random.default_rng(1).normal(size=response.shape) / np.sqrt(2)
    expected = [ranked({n: (value,) for n, value in enumerate(row)}, "higher")[0] for row in response + drawn]
    assert chosen(response, 2, np.random.default_rng(1)).tolist() == expected


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("curvature", CURVATURES)
def test_the_interval_keeps_its_level_given_the_choice(curvature, n):
    found = rates(curvature, 2, n, samples=SAMPLES, seed=1).conditional
    assert found == pytest.approx(ALPHA, abs=5 * standard_error(ALPHA, SAMPLES))


def test_the_page_has_the_rates_of_other_seeds():
    rows = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0].strip().splitlines()[2:]
    assert len(rows) == 1 + 3 * (len(CURVATURES) - 1)
    for row in rows:
        step, seeds, *cells = (cell.strip() for cell in row.strip("|").split("|"))
        curvature = float(re.match(r"[\d.]+", step)[0])
        for n, cell in zip(SIZES, cells, strict=True):
            found = rates(curvature, 1 if seeds == "any" else int(seeds), n, samples=SAMPLES, seed=1).unconditional
            assert found == pytest.approx(float(cell), abs=5 * standard_error(float(cell), SAMPLES) * 1.1 + 0.0005)
