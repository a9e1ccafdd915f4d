import numpy as np
import pytest

from ablate.data.generator import generators
from ablate.errors import DataError


def test_they_are_numpys_spawned_children():
    draws = [rng.standard_normal(3) for rng in generators(5, 2)]
    children = [np.random.SeedSequence(5, spawn_key=(i,)) for i in range(2)]
    np.testing.assert_array_equal(draws, [np.random.default_rng(c).standard_normal(3) for c in children])
    assert not np.array_equal(draws[0], draws[1])


def test_one_more_leaves_the_others():
    two, three = ([rng.random() for rng in generators(7, count)] for count in (2, 3))
    assert three[:2] == two


def test_a_negative_seed():
    with pytest.raises(DataError, match=r"data\.data_seed=-3; valid: 0 or more"):
        generators(-3, 1)
