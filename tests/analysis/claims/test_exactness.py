"""An identity in a line."""

import pytest

from ablate.analysis.claims.exactness import exactness
from ablate.identities import Identity


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"found": 600, "expected": 600}, "it: 600"),
        ({"found": 599, "expected": 600}, "it: 599, where 600 is expected (difference 1 > 0)"),
        ({"found": 600.0000001, "expected": 600}, "it: 600, where 600 is expected (difference 1e−07 > 0)"),
        ({"found": -0.0, "expected": 0}, "it: 0"),
        ({"found": 2e-16, "expected": 0, "tolerance": 1e-12}, "it: difference 2e−16 ≤ 1e−12"),
        (
            {"found": -2e-11, "expected": 0, "tolerance": 1e-12},
            "it: −2e−11, where 0 is expected (difference 2e−11 > 1e−12)",
        ),
        ({"found": 15.0901, "expected": 15.1, "tolerance": 0.05}, "it: 15.0901 (difference 0.0099 ≤ 0.05)"),
        ({"found": None, "expected": 1}, "it: no finite number, where 1 is expected"),
        ({"found": 15, "expected": 15, "said": 80, "saying": "it is 80"}, 'it: 15; "it is 80" is false as said'),
        ({"found": 15, "expected": 15, "said": 15}, "it: 15; 15 is true as said"),
    ],
)
def test_the_line(fields, line):
    found = exactness(Identity(statement="it", **fields))
    assert found.line == line
    assert found.holds == ("where" not in line)


def test_large_counts_are_written_in_full():
    assert exactness(Identity(statement="n", found=138_357_544, expected=138_357_544)).line == "n: 138357544"
