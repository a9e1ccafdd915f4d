import math
import re

import numpy as np
import pytest

from ablate.analysis.claims.verdict import verdict
from ablate.analysis.statistics.paired import paired
from ablate.config.spec import Claim

Z = np.array([-1.3, 0.4, 0.9, -0.2, 1.1, -0.7, 0.3, -1.6, 0.5, 0.6])
Z = (Z - Z.mean()) / Z.std(ddof=1)
HALF = 1.8331129 / math.sqrt(10)  # of a 90% interval with ten differences of SD 1: t table, 9 degrees of freedom

SMALL_N = (
    "; small n: an arm that collapsed in 0 of 10 replicates may collapse in up to 26% of them, and with skewed "
    "differences an error of 5% may be one of 13%"
)


def line(expect, middle, half, margin=0.01, better="higher", alpha=0.05):
    """The line for ten differences with this mean and half-width of the 90% interval."""
    d = middle + half / HALF * Z
    compared = paired(d, np.zeros(10), better=better, rng=np.random.default_rng(0))
    claim = Claim(contrast={"skip_span": ("one", "two")}, expect=expect, margin=margin, alpha=alpha)
    found = verdict(claim, compared, better=better).line
    assert found.endswith(SMALL_N)
    found, _, means = found.removesuffix(SMALL_N).rpartition("; ")
    assert means == f"means {middle:.4g} and 0".replace("-", "−")
    return found


@pytest.mark.parametrize(
    ("expect", "middle", "half", "said"),
    [
        ("equivalent", -0.002, 0.0041, "equivalent: one is within ±0.01 of two"),
        ("equivalent", 0.03, 0.01, "contradicted: one differs from two by more than 0.01"),
        ("greater", -0.002, 0.0041, "equivalent: one is within ±0.01 of two, where greater was claimed"),
        ("less", -0.002, 0.0041, "equivalent: one is within ±0.01 of two, where less was claimed"),
        ("no_worse", -0.002, 0.0041, "equivalent: one is within ±0.01 of two, and so no worse"),
        ("greater", 0.015, 0.01, "supported: one is greater than two"),
        ("greater", 0.03, 0.01, "supported (strong): one is greater than two by more than 0.01"),
        ("greater", -0.03, 0.01, "contradicted: one is less than two"),
        ("less", -0.015, 0.01, "supported: one is less than two"),
        ("less", -0.03, 0.01, "supported (strong): one is less than two by more than 0.01"),
        ("less", 0.03, 0.01, "contradicted: one is greater than two"),
        ("no_worse", 0.015, 0.01, "supported: one is no worse than two, to within 0.01"),
        ("no_worse", 0.03, 0.01, "supported (strong): one is better than two by more than 0.01"),
        ("no_worse", -0.03, 0.01, "contradicted: one is worse than two by more than 0.01"),
    ],
)
def test_what_was_found_opens_the_line(expect, middle, half, said):
    found, _, numbers = line(expect, middle, half).partition("; ")
    assert found == said
    assert numbers.startswith("Δ = ")
    assert numbers.endswith(", n = 10 paired")


def test_the_whole_line():
    assert line("equivalent", -0.0017, 0.0045) == (
        "equivalent: one is within ±0.01 of two; Δ = −0.0017, 90% CI −0.0062 to 0.0028, n = 10 paired"
    )


@pytest.mark.parametrize(
    ("expect", "claimed"),
    [
        ("greater", "one is greater than two"),
        ("less", "one is less than two"),
        ("equivalent", "one is within ±0.01 of two"),
        ("no_worse", "one is no worse than two, to within 0.01"),
    ],
)
def test_an_open_claim_says_what_it_would_take(expect, claimed):
    found, numbers, more = line(expect, 0.001, 0.014).split("; ")
    assert found == f"inconclusive: open whether {claimed}"
    assert numbers == "Δ = 0.001, 90% CI −0.013 to 0.015, n = 10 paired"
    if expect in ("equivalent", "no_worse"):  # its 80% interval, −.0096 to .0116, holds a margin or comes near it
        assert more in (
            "the truth may lie on the margin, where no number of replicates decides",
            "11 replicates or more, perhaps over 1000, would probably decide it",
        )
        return
    low, high = re.fullmatch(
        r"(\d+) to (\d+) replicates would probably decide it, in a study on another seed with looks at \d+ and \2", more
    ).groups()
    assert 10 < int(low) < int(high) < 1000


def test_an_open_claim_that_nothing_decides_says_so():
    said = "; the truth may lie on the margin, where no number of replicates decides"
    assert line("equivalent", 0.01, 0.02).endswith(said)


@pytest.mark.parametrize(
    ("middle", "half", "margin", "numbers"),
    [
        (0.03, 0.01, 0.01, "Δ = 0.030, 90% CI 0.020 to 0.040"),
        (0.0104, 0.01, 0.01, "Δ = 0.0104, 90% CI 0.0004 to 0.0204"),  # 0.000 would look like 0
        (-0.0012, 0.00878, 0.01, "Δ = −0.00120, 90% CI −0.00998 to 0.00758"),  # −0.0100 would look like the margin
        (2345.6, 123.4, 10, "Δ = 2346, 90% CI 2222 to 2469"),
        (-2.5e-8, 1e-8, 1e-9, "Δ = −2.50e−08, 90% CI −3.50e−08 to −1.50e−08"),
        (3e9, 1e9, 1, "Δ = 3.00e+09, 90% CI 2.00e+09 to 4.00e+09"),
    ],
)
def test_numbers_have_the_digits_of_their_interval(middle, half, margin, numbers):
    assert f"; {numbers}, n = 10" in line("greater", middle, half, margin)


def test_the_level_is_named():
    assert ", 95% CI " in line("greater", 0.03, 0.01, alpha=0.025)
    assert ", 98% CI " in line("greater", 0.03, 0.01, alpha=0.01)


def test_the_direction_of_no_worse_is_that_of_the_response():
    assert line("no_worse", 0.03, 0.01, better="lower").startswith("contradicted: one is worse than two by more")
    assert line("no_worse", -0.03, 0.01, better="lower").startswith("supported (strong): one is better than two")
