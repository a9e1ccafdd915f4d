"""The two-level fractions of minimum aberration: which columns generate them.

Of all fractions of as many factors and runs, one of minimum aberration has the highest resolution, then the fewest
words of that length, then the fewest of the next (Fries and Hunter 1980, Technometrics 22). The numbers of words are
those of the catalogue of Chen, Sun and Wu (1993, International Statistical Review 61) for up to 64 runs, continued to
128 runs by Wu and Hamada (Experiments, 2nd edition 2009, appendix 5A). Where more than half of all columns are used,
they are those of the complementary designs of Tang and Wu (1996, Statistica Sinica 6). With up to four generators and
256 runs or more, no lengths of words are better that add up to what they must.
`tests/design/test_fraction_catalogue.py` computes them from the design points.

Which columns have these numbers of words is not unique; these were found by search. They never change: the design
points of a study follow from them.
"""

from collections.abc import Mapping

Columns = tuple[int, ...]
"""A column for each factor after the base: bit i is set where base factor i is in the product."""

CATALOGUE: Mapping[int, Mapping[int, tuple[int, str]]] = {
    2: {
        3: (3, "3"),
    },
    3: {
        4: (4, "7"),
        5: (3, "3 5"),
        6: (3, "3 5 6"),
        7: (3, "3 5 6 7"),
    },
    4: {
        5: (5, "15"),
        6: (4, "7 11"),
        7: (4, "7 11 13"),
        8: (4, "7 11 13 14"),
        9: (3, "3 5 9 14 15"),
        10: (3, "3 5 6 9 14 15"),
        11: (3, "3 5 6 9 10 13 14"),
        12: (3, "3 5 6 9 10 13 14 15"),
        13: (3, "3 5 6 7 9 10 11 12 13"),
        14: (3, "3 5 6 7 9 10 11 12 13 14"),
        15: (3, "3 5 6 7 9 10 11 12 13 14 15"),
    },
    5: {
        6: (6, "31"),
        7: (4, "7 27"),
        8: (4, "7 11 29"),
        9: (4, "7 11 19 29"),
        10: (4, "7 11 19 29 30"),
        11: (4, "7 11 13 19 21 25"),
        12: (4, "7 13 14 19 21 25 28"),
        13: (4, "7 11 13 19 21 25 26 31"),
        14: (4, "7 11 13 14 19 21 22 25 26"),
        15: (4, "7 11 13 14 19 21 22 25 26 28"),
        16: (4, "7 11 13 14 19 21 22 25 26 28 31"),
        17: (3, "7 11 13 14 15 19 21 22 25 26 28 31"),
        18: (3, "3 7 11 13 14 19 21 22 23 25 26 28 31"),
        19: (3, "3 6 9 10 13 14 15 18 21 23 25 27 28 30"),
        20: (3, "7 11 12 13 14 17 19 21 22 23 25 26 28 30 31"),
        21: (3, "3 6 7 10 12 13 15 17 19 20 22 24 25 26 29 31"),
        22: (3, "3 6 7 9 10 12 13 15 17 19 21 22 24 27 29 30 31"),
        23: (3, "7 9 10 11 12 13 14 15 17 18 19 20 21 22 23 25 26 31"),
        24: (3, "5 6 7 9 10 11 13 14 17 18 19 21 22 25 26 28 29 30 31"),
        25: (3, "3 5 6 7 9 10 11 12 13 17 18 19 20 21 26 27 28 29 30 31"),
        26: (3, "3 5 6 7 9 10 11 12 13 14 17 18 19 20 21 26 27 28 29 30 31"),
        27: (3, "3 5 6 7 9 10 11 12 13 14 17 18 19 20 21 22 25 26 27 28 29 30"),
        28: (3, "3 5 6 7 9 10 11 12 13 14 17 18 19 20 21 22 25 26 27 28 29 30 31"),
        29: (3, "3 5 6 7 9 10 11 12 13 14 15 17 18 19 20 21 22 23 24 25 26 27 28 29"),
        30: (3, "3 5 6 7 9 10 11 12 13 14 15 17 18 19 20 21 22 23 24 25 26 27 28 29 30"),
        31: (3, "3 5 6 7 9 10 11 12 13 14 15 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31"),
    },
    6: {
        7: (7, "63"),
        8: (5, "15 51"),
        17: (4, "13 14 19 22 26 31 39 43 44 50 57"),
        18: (4, "7 13 25 26 28 31 37 43 46 51 54 61"),
        19: (4, "11 13 23 25 30 39 41 46 49 50 52 56 61"),
        20: (4, "13 14 23 27 28 37 38 41 42 44 51 52 56 63"),
        21: (4, "11 14 19 21 25 26 31 35 37 38 42 44 52 56 61"),
        22: (4, "7 11 13 14 25 28 31 38 41 42 44 50 55 56 59 61"),
        23: (4, "11 13 25 28 35 37 38 41 44 47 49 50 55 56 59 61 62"),
        24: (4, "7 11 19 21 22 25 26 28 31 37 38 41 44 49 52 56 59 62"),
        25: (4, "7 11 13 19 22 26 31 35 37 41 42 47 49 50 52 55 59 61 62"),
        26: (4, "7 11 13 14 19 21 25 26 28 31 35 37 41 42 44 49 52 59 61 62"),
        27: (4, "7 11 13 14 19 21 22 26 28 31 35 37 38 42 44 47 50 52 56 59 61"),
        28: (4, "7 11 13 19 21 25 26 31 35 38 41 42 44 47 49 50 52 55 56 59 61 62"),
        29: (4, "7 11 13 14 19 21 22 25 28 31 35 37 38 41 42 47 49 50 52 55 56 59 61"),
        30: (4, "7 11 13 14 19 21 22 25 26 28 35 37 38 42 44 47 49 50 52 55 56 59 61 62"),
        31: (4, "7 11 13 14 19 22 25 26 28 31 35 37 38 41 42 44 47 49 50 52 55 56 59 61 62"),
        32: (4, "7 11 13 14 19 21 22 25 26 28 31 35 37 38 41 42 44 47 49 50 52 55 56 59 61 62"),
    },
    7: {
        8: (8, "127"),
        9: (6, "31 103"),
        10: (5, "15 51 85"),
        11: (5, "63 71 94 106"),
    },
    8: {
        9: (9, "255"),
        10: (6, "31 231"),
        11: (6, "31 107 185"),
        12: (6, "47 87 155 254"),
    },
    9: {
        10: (10, "511"),
        11: (7, "63 455"),
    },
    10: {
        12: (8, "415 623"),
        13: (7, "219 758 972"),
        14: (7, "95 679 882 974"),
    },
}
"""Base factors, whose levels are crossed completely → factors → resolution, and `Columns` as a text."""


MOST_FACTORS: Mapping[int, int] = {3: 32, 4: 32, 5: 12, 6: 12, 7: 14}
"""Resolution → the number of factors up to which the catalogue has the smallest fraction."""


def generators(factors: int, resolution: int) -> Columns | None:
    """The generated columns of the smallest fraction that has at least this resolution; None beyond the catalogue."""
    if factors > MOST_FACTORS[resolution]:
        return None
    for fractions in CATALOGUE.values():
        reached, columns = fractions.get(factors, (0, ""))
        if reached >= resolution:
            return tuple(map(int, columns.split()))
    raise AssertionError(f"no fraction of {factors} factors at resolution {resolution}")
