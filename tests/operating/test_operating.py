"""The published error rates are those of the package's own intervals."""

import re

import numpy as np
import pytest
from scipy import stats

from ablate.analysis.statistics.skewed import transformed_interval
from ablate.analysis.statistics.student import t_interval
from tests import REPOSITORY
from tests.operating.intervals import METHODS, bootstrap_t, sign_flip, signed_rank, student, transformed
from tests.operating.rates import ALPHA, CASES, SIZES, rate, samples_of

pytestmark = pytest.mark.numeric

PAGE = REPOSITORY / "docs" / "operating.md"


@pytest.mark.parametrize("n", [5, 12])
def test_t_and_hall_are_the_packages(n):
    values = np.random.default_rng(n).exponential(size=(50, n))
    for many, one in ((student, t_interval), (transformed, transformed_interval)):
        expected = [(found.low, found.high) for found in (one(row, level=1 - 2 * ALPHA) for row in values)]
        assert many(values, ALPHA) == pytest.approx(np.array(expected), rel=1e-9)


def test_signed_ranks_agree_with_scipy():
    """An end of the interval is where the test's p crosses α."""
    values = np.random.default_rng(0).normal(size=(20, 9))
    for row, ends in zip(values, signed_rank(values, ALPHA), strict=True):
        inside, outside = (p_of(row - (ends[0] + off)) for off in (1e-9, -1e-9))
        assert inside > ALPHA >= outside


def p_of(values) -> float:
    return float(np.asarray(stats.wilcoxon(values, alternative="greater", method="exact"))[1])


def test_sign_flips_agree_with_enumeration():
    values = np.random.default_rng(0).normal(size=(10, 6))
    signs = np.array(np.meshgrid(*[[-1, 1]] * 6)).reshape(6, -1)
    for row, ends in zip(values, sign_flip(values, ALPHA), strict=True):

        def p(shift, row=row):
            return np.mean(((row - shift) @ signs) >= np.sum(row - shift) - 1e-12)

        assert p(ends[0] + 1e-9) > ALPHA >= p(ends[0] - 1e-9)


def test_the_bootstrap_is_near_t_where_all_is_normal():
    values = np.random.default_rng(0).normal(size=(400, 40))
    ratio = np.median(np.ptp(bootstrap_t(values, ALPHA), axis=1)) / np.median(np.ptp(student(values, ALPHA), axis=1))
    assert ratio == pytest.approx(1.0, abs=0.05)


def published() -> dict[tuple[int, str, str], float]:
    """n, case and method → the rate on the page."""
    found = {}
    for section in PAGE.read_text().split("\n## ")[1:]:
        if number := re.match(r"n = (\d+)", section):
            for line in section.splitlines():
                cells = [cell.strip() for cell in line.strip("|").split("|")]
                for method, cell in zip(METHODS, cells[1:], strict=False):
                    if rated := re.match(r"0?(\.\d+)", cell):
                        found[int(number[1]), cells[0], method] = float(rated[1])
    return found


@pytest.mark.parametrize("n", SIZES)
def test_the_page_has_the_rates_of_other_seeds(n):
    """Within five standard errors of the difference, over 5 methods × 9 cases."""
    page = published()
    for case in CASES:
        for name, method in METHODS.items():
            samples = samples_of(name) // (20 if name == "bootstrap-t" else 10)
            found = rate(case, method, n, samples=samples, seed=1)
            if found is None:
                assert (n, case.name, name) not in page
                continue
            stated = page[n, case.name, name]
            assert found.worse == pytest.approx(stated, abs=5 * (max(stated, 0.03) * 1.3 / samples) ** 0.5 + 0.001)
