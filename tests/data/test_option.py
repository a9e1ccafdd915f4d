import math

import pytest

from ablate.data.option import check_at_least
from ablate.errors import DataError


def test_what_is_large_enough_passes():
    check_at_least(0, noise=0.0, data_seed=0)
    check_at_least(2, test_size=3)


@pytest.mark.parametrize("value", [1, -1, 1.9, math.nan, -math.inf])
def test_the_option_and_its_smallest_value_are_named(value):
    with pytest.raises(DataError, match=rf"data\.grid={value}; valid: 2 or more"):
        check_at_least(2, length=5, grid=value)
