"""The published error rates of tuned comparisons, and what they rest on."""

import re
from collections import Counter

import numpy as np
import pytest

from ablate.analysis.claims.evidence import decide, evidence
from ablate.config.spec import Claim
from ablate.design.tuning import RUNGS as DEFAULT_RUNGS
from ablate.design.tuning import Tuning
from ablate.plan.tuning import ranked
from tests.operating.tuned import (
    ALPHA,
    BEGIN,
    CURVATURES,
    END,
    HALVED_BEGIN,
    HALVED_END,
    HALVED_SEEDS,
    PAGE,
    RUNGS,
    SHIFTS,
    SIZES,
    VALUES,
    chosen,
    compared,
    halved,
    rates,
    shift_cell,
)

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


def test_the_simulated_halving_is_that_of_the_package():
    tuning = Tuning(
        candidates=tuple({"lr": n} for n in range(VALUES)),
        grids={}, metric="val/x", better="higher", seeds=2, rungs=DEFAULT_RUNGS, by=None,
    )  # fmt: skip
    assert len(tuning.sizes) == RUNGS
    rng = np.random.default_rng(0)
    responses = [rng.normal(size=(200, VALUES)) for _ in range(RUNGS)]
    again = np.random.default_rng(1)
    scores = [response + again.normal(size=response.shape) / np.sqrt(2) for response in responses]
    expected = []
    for sample in range(200):
        standing = tuple(range(VALUES))
        for rung, size in enumerate(tuning.sizes):
            standing = ranked({n: (scores[rung][sample, n],) for n in sorted(standing[:size])}, "higher")
        expected.append(standing[0])
    assert halved(responses, 2, np.random.default_rng(1)).tolist() == expected
    assert len(set(expected)) == VALUES


@pytest.mark.parametrize("shift", SHIFTS)
def test_the_interval_keeps_its_level_given_a_choice_by_halving(shift):
    found = rates(1.0, 2, 10, shift=shift, samples=SAMPLES, seed=1).conditional
    assert found == pytest.approx(ALPHA, abs=5 * standard_error(ALPHA, SAMPLES))


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("curvature", CURVATURES)
def test_the_interval_keeps_its_level_given_the_choice(curvature, n):
    found = rates(curvature, 2, n, samples=SAMPLES, seed=1).conditional
    assert found == pytest.approx(ALPHA, abs=5 * standard_error(ALPHA, SAMPLES))


@pytest.mark.parametrize("shift", [None, 1.0])
@pytest.mark.parametrize(
    ("expect", "off", "wrong"),
    [
        ("greater", 0.0, ("supported", "contradicted")),
        ("less", 0.0, ("supported", "contradicted")),
        ("greater", 2.0, ("equivalent",)),
        ("equivalent", 2.0, ("equivalent", "contradicted")),
        ("equivalent", -2.0, ("equivalent", "contradicted")),
        ("no_worse", -2.0, ("supported", "contradicted")),
    ],
)
def test_every_verdict_keeps_its_level_given_the_choice(shift, expect, off, wrong):
    """The arms differ at the chosen settings by what would make the verdict false, and by no more."""
    samples = 2000
    truth, differences = compared(1.0, 2, 8, shift=shift, samples=samples, seed=2)
    assert np.mean(truth != 0) > 0.3, "the choices differ"
    claim = Claim(contrast={"arm": ("one", "other")}, expect=expect, margin=2.0)
    moved = differences - truth[:, None] + off
    means, errors = moved.mean(axis=1), moved.std(axis=1, ddof=1) / np.sqrt(8)
    found = Counter(
        decide(evidence(claim, better="higher", difference=mean, se=error, df=7), alpha=ALPHA)
        for mean, error in zip(means, errors, strict=True)
    )
    for outcome in wrong:
        word = "supported" if (expect, outcome) == ("equivalent", "equivalent") else outcome
        assert found[word] / samples <= ALPHA + 4 * standard_error(ALPHA, samples), outcome
    assert sum(found[outcome] for outcome in found if outcome != "inconclusive"), "something is decided"


def published(begin: str, end: str) -> list[list[str]]:
    """The cells of the rows between two marks, without the heading."""
    rows = PAGE.read_text(encoding="utf-8").partition(begin)[2].partition(end)[0].strip().splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def near(cell: str):
    stated = float(cell)
    return pytest.approx(stated, abs=5 * standard_error(stated, SAMPLES) * 1.1 + 0.0005)


def cost(cell: str) -> float:
    return float(re.match(r"[\d.]+", cell)[0])


def test_the_page_has_the_rates_of_other_seeds():
    rows = published(BEGIN, END)
    assert len(rows) == 1 + 3 * (len(CURVATURES) - 1)
    for step, seeds, *cells in rows:
        for n, cell in zip(SIZES, cells, strict=True):
            found = rates(cost(step), 1 if seeds == "any" else int(seeds), n, samples=SAMPLES, seed=1).unconditional
            assert found == near(cell)


def test_the_page_has_the_rates_of_halving_of_other_seeds():
    rows = published(HALVED_BEGIN, HALVED_END)
    shifts = {shift_cell(shift): shift for shift in (None, *SHIFTS)}
    assert len(rows) == len(shifts) * (len(CURVATURES) - 1)
    for step, prefer, *cells in rows:
        for n, cell in zip(SIZES, cells, strict=True):
            found = rates(cost(step), HALVED_SEEDS, n, shift=shifts[prefer], samples=SAMPLES, seed=1).unconditional
            assert found == near(cell)
