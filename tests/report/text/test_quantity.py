import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ablate.report.text.quantity import compact, counted, duration

SCALE = {"k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (None, "–"),
        (0, "0"),
        (999, "999"),
        (1000, "1.00k"),
        (4330, "4.33k"),
        (9_999, "10.0k"),
        (999_499, "999k"),
        (999_500, "1.00M"),
        (138_357_544, "138M"),
        (15_470_264_320, "15.5G"),
        (5_000 * 10**18, "5000E"),
    ],
)
def test_counts_have_three_digits(count, shown):
    assert compact(count) == shown


@settings(deadline=None, max_examples=200)
@given(st.integers(1000, 999 * 10**18))
def test_a_compact_count_is_within_half_a_percent(count):
    shown = compact(count)
    assert float(shown[:-1]) * SCALE[shown[-1]] == pytest.approx(count, rel=0.0051)
    assert len(shown) <= 5


def test_plurals():
    assert [counted(n, "trial") for n in (0, 1, 2)] == ["0 trials", "1 trial", "2 trials"]


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (None, "–"),
        (0.04, "0.0 s"),
        (7.21, "7.2 s"),
        (45, "45 s"),
        (99.6, "1.7 min"),
        (720, "12 min"),
        (7200, "2.0 h"),
        (47 * 3600, "47 h"),
        (72 * 3600, "3.0 d"),
    ],
)
def test_durations_have_the_unit_that_suits_them(seconds, shown):
    assert duration(seconds) == shown
