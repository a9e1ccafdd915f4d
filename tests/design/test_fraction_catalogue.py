"""The catalogue of fractions against the published numbers of words, each computed from the design points."""

import itertools
import math

import numpy as np
import pytest

from ablate.design import lay_out
from ablate.design.fraction_catalogue import CATALOGUE, MOST_FACTORS

PUBLISHED = {
    # (factors, generators): numbers of words of length 3 and 4. Wu and Hamada, tables 5A.1 to 5A.4, after Chen, Sun and
    # Wu; for 17 to 31 factors in 32 runs the numbers follow from the complementary design, see below.
    (5, 2): (2, 1), (6, 3): (4, 3), (7, 4): (7, 7),
    (6, 2): (0, 3), (7, 3): (0, 7), (8, 4): (0, 14), (9, 5): (4, 14), (10, 6): (8, 18), (11, 7): (12, 26),
    (12, 8): (16, 39), (13, 9): (22, 55), (14, 10): (28, 77), (15, 11): (35, 105),
    (7, 2): (0, 1), (8, 3): (0, 3), (9, 4): (0, 6), (10, 5): (0, 10), (11, 6): (0, 25), (12, 7): (0, 38),
    (13, 8): (0, 55), (14, 9): (0, 77), (15, 10): (0, 105), (16, 11): (0, 140),
    (17, 11): (0, 59), (18, 12): (0, 78), (19, 13): (0, 100), (20, 14): (0, 125), (21, 15): (0, 204),
    (22, 16): (0, 250), (23, 17): (0, 304), (24, 18): (0, 365), (25, 19): (0, 435), (26, 20): (0, 515),
    (27, 21): (0, 605), (28, 22): (0, 706), (29, 23): (0, 819), (30, 24): (0, 945), (31, 25): (0, 1085),
    (32, 26): (0, 1240),
}  # fmt: skip
LONG = {
    # The same where no word has length 3 or 4: the shortest length, and how many.
    # From 256 runs on they follow from the sum of all lengths, which is 2^(generators − 1) × factors.
    (8, 2): (5, 2), (9, 2): (6, 3), (10, 3): (5, 3), (11, 4): (5, 6), (10, 2): (6, 1), (11, 3): (6, 6),
    (12, 4): (6, 12), (11, 2): (7, 2), (12, 2): (8, 3), (13, 3): (7, 4), (14, 4): (7, 8),
}  # fmt: skip
ALL = [
    (factors, base, tuple(map(int, columns.split())))
    for base, found in CATALOGUE.items()
    for factors, (_, columns) in found.items()
]


def lengths(matrix, most=None):
    """How many words there are of each length, by the MacWilliams identity from the weights of the rows (0 and 1)."""
    rows, count = matrix.shape
    weights = np.bincount(matrix.sum(axis=1), minlength=count + 1)
    found = {}
    for length in range(1, (most or count) + 1):
        krawtchouk = [
            sum((-1) ** i * math.comb(w, i) * math.comb(count - w, length - i) for i in range(length + 1))
            for w in range(count + 1)
        ]
        words = sum(int(b) * k for b, k in zip(weights, krawtchouk, strict=True))
        assert words % rows == 0
        if words:
            found[length] = words // rows
    return found


def matrix_of(factors, base, columns):
    levels = np.array(list(itertools.product((0, 1), repeat=base)))
    bits = np.array([[column >> bit & 1 for column in columns] for bit in range(base)])
    matrix = np.concatenate([levels, levels @ bits % 2], axis=1)
    assert matrix.shape == (2**base, factors)
    return matrix


@pytest.mark.parametrize(
    ("factors", "base", "columns"), ALL, ids=lambda value: None if isinstance(value, tuple) else str(value)
)
def test_no_fraction_has_more_short_words_than_the_published_one(factors, base, columns):
    found = lengths(matrix_of(factors, base, columns), most=min(factors, 11))
    generated = factors - base
    assert min(found) == CATALOGUE[base][factors][0], "the resolution that the catalogue says"
    if generated == 1:
        assert found == ({factors: 1} if factors <= 11 else {})
    elif base == 5 and factors > 16:
        # With t columns left out, of which as many triples as possible multiply to one, three at a time.
        left = 31 - factors
        triples = [0, 0, 0, 1, 1, 2, 4, 7, 7, 8, 10, 13, 17, 22, 28][left]
        assert found[3] == 155 - 15 * left + math.comb(left, 2) - triples
    elif (factors, generated) in LONG:
        shortest, words = LONG[factors, generated]
        assert (min(found), found[shortest]) == (shortest, words)
    else:
        assert (found.get(3, 0), found.get(4, 0)) == PUBLISHED[factors, generated]


@pytest.mark.parametrize("base", [3, 4])
def test_for_8_and_16_runs_no_other_fraction_is_better(base):
    """Of all columns that could be generated; up to nine of eleven."""
    basis = [1 << i for i in range(base)]
    others = [column for column in range(1, 2**base) if column not in basis]
    for factors, (_, columns) in CATALOGUE[base].items():

        def key(chosen, factors=factors):
            found = lengths(matrix_of(factors, base, chosen), most=5)
            return [found.get(length, 0) for length in (3, 4, 5)]

        assert key(tuple(map(int, columns.split()))) == min(map(key, itertools.combinations(others, factors - base)))


def clear_interactions(matrix):
    """Two-factor interactions whose column no main effect and no other two-factor interaction has."""
    signs = 1 - 2 * matrix
    count = matrix.shape[1]
    effects = [(i,) for i in range(count)] + list(itertools.combinations(range(count), 2))
    columns = [signs[:, effect].prod(axis=1).tobytes() for effect in effects]
    return sum(columns.count(c) == 1 for c, effect in zip(columns, effects, strict=True) if len(effect) == 2)


def design_matrix(make_factors, make_spec, count, resolution):
    factors = make_factors([2] * count)
    layout = lay_out(make_spec(factors, "fractional", resolution=resolution))
    return np.array([[int(p.levels[f.name] != f.reference) for f in factors] for p in layout.points])


def test_nine_factors_in_32_runs_have_6_words_and_8_clear_interactions(make_factors, make_spec):
    matrix = design_matrix(make_factors, make_spec, 9, 4)
    assert len(matrix) == 32
    assert lengths(matrix) == {4: 6, 5: 8, 8: 1}
    assert clear_interactions(matrix) == 8


def test_ten_factors_in_32_runs_have_10_words(make_factors, make_spec):
    matrix = design_matrix(make_factors, make_spec, 10, 4)
    assert len(matrix) == 32
    assert lengths(matrix, most=4) == {4: 10}


@pytest.mark.parametrize("resolution", MOST_FACTORS)
def test_every_number_of_factors_has_its_smallest_fraction(resolution):
    """No fraction of half the size can have the resolution: Hamming's bound, or as the next smaller one is known."""
    from ablate.design.fraction_catalogue import generators

    for factors in range(resolution, MOST_FACTORS[resolution] + 1):
        columns = generators(factors, resolution)
        base = factors - len(columns)
        assert CATALOGUE[base][factors][0] >= resolution
        if resolution in (3, 4):
            assert factors > (2 ** (base - 1) - 1 if resolution == 3 else 2 ** (base - 2)), "it fits no smaller one"
