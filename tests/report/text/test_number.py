import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ablate.analysis.summary import Interval, Proportion
from ablate.report.text.number import PAD, Digits, interval_name, probability, proportion, with_interval

finite = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12)


def between(value, low, high, **more):
    return Interval(value=value, low=low, high=high, **more)


def read(text):
    return float(text.replace("−", "-").replace(PAD, ""))


def test_two_digits_of_the_half_width():
    interval = between(0.91234, 0.90084, 0.92384)
    digits = Digits.fitting([0.91234], [interval])
    assert digits.interval(interval) == "0.912 [0.901, 0.924]"


def test_one_column_has_one_number_of_decimals():
    intervals = [between(0.91, 0.90, 0.92), between(0.5, 0.3, 0.7), between(0.77777, 0.76, 0.79)]
    digits = Digits.fitting([0.91, 0.5, 0.77777], intervals)
    numbers = re.findall(r"\d+\.(\d+)", " ".join(map(digits.interval, intervals)))
    assert {len(decimals) for decimals in numbers} == {3}


def test_a_narrow_interval_among_wide_ones_does_not_look_like_a_point():
    wide, narrow = between(0.5, 0.4, 0.6), between(0.9123, 0.9103, 0.9143)
    digits = Digits.fitting([0.5, 0.9123], [wide, wide, narrow])
    assert digits.interval(narrow) == "0.912 [0.910, 0.914]"


def test_a_bound_near_zero_shows_its_sign():
    interval = between(-0.03, -0.056, -0.004)
    assert Digits.fitting([-0.03], [interval]).interval(interval) == "−0.030 [−0.056, −0.004]"


def test_a_point_without_an_interval_stands_alone():
    assert Digits.fitting([0.95432]).interval(Interval(value=0.95432)) == "0.9543"
    assert Digits.fitting([]).interval(None) == "–"
    assert Digits.fitting([]).number(None) == "–"


@pytest.mark.parametrize("tiny", [-0.0, 0.0, -1e-9, 1e-9])
@pytest.mark.parametrize("signed", [True, False])
def test_zero_has_no_sign(tiny, signed):
    assert Digits(decimals=3, signed=signed).number(tiny) == "0.000"


def test_a_difference_always_has_its_sign():
    digits = Digits(decimals=2).as_difference()
    assert [digits.number(x) for x in (0.5, -0.5, 0)] == ["+0.50", "−0.50", "0.00"]


def test_numbers_of_a_column_line_up():
    interval, other = between(9.5, 8.9, 10.1), between(11.5, 10.9, 12.1)
    digits = Digits.fitting([9.5, 11.5], [interval, other]).padded([9.5, 8.9, 10.1, 11.5, 10.9, 12.1])
    first, second = digits.interval(interval), digits.interval(other)
    assert [first.index(c) for c in "[,]"] == [second.index(c) for c in "[,]"]
    assert [m.start() for m in re.finditer(r"\.", first)] == [m.start() for m in re.finditer(r"\.", second)]


@pytest.mark.parametrize(
    ("interval", "shown"),
    [
        (between(1.234e-9, 1.1e-9, 1.368e-9), "1.23e−09 [1.10e−09, 1.37e−09]"),
        (between(-3.4e12, -3.5e12, -3.3e12), "−3.40e+12 [−3.50e+12, −3.30e+12]"),
    ],
)
def test_very_small_and_very_large_numbers_have_an_exponent(interval, shown):
    assert Digits.fitting([interval.value], [interval]).interval(interval) == shown


def test_a_value_that_is_nothing_but_rounding_beside_its_interval_is_zero():
    interval = between(-7.45e-9, -0.00772, 0.00772)
    assert Digits.fitting([interval.value], [interval]).interval(interval) == "0.0000 [−0.0077, 0.0077]"


def test_what_is_not_finite_is_said():
    assert Digits(decimals=2).number(math.inf) == "inf"
    assert Digits(decimals=2, signed=True).number(-math.inf) == "−inf"
    assert "nan" in Digits(decimals=2).number(math.nan)


def test_a_bound_of_a_higher_power_of_ten_keeps_its_digits():
    interval = between(-995993837.0, -1011556240.7, -980431433.3)
    assert Digits.fitting([interval.value], [interval]).interval(interval) == "−9.960e+08 [−1.012e+09, −9.804e+08]"


@settings(deadline=None, max_examples=200)
@given(value=st.floats(min_value=1e-9, max_value=1e9), ratio=st.floats(1e-4, 1e4), sign=st.sampled_from((-1, 1)))
def test_a_reader_gets_the_interval_back_within_a_tenth_of_its_half_width(value, ratio, sign):
    interval = between(sign * value, sign * value - ratio * value, sign * value + ratio * value)
    shown = Digits.fitting([interval.value], [interval]).interval(interval)
    numbers = [read(x) for x in re.split(r" \[|, |\]", shown) if x]
    assert numbers == pytest.approx([interval.value, interval.low, interval.high], abs=0.1 * ratio * value)


@settings(deadline=None, max_examples=100)
@given(values=st.lists(finite, min_size=1), signed=st.booleans())
def test_padded_numbers_are_equally_wide_and_mean_the_same(values, signed):
    bare = Digits.fitting(values)
    bare = bare.as_difference() if signed else bare
    shown = [bare.padded(values).number(x) for x in values]
    assert len(set(map(len, shown))) == 1
    assert [x.lstrip(PAD) for x in shown] == [bare.number(x) for x in values]


def test_intervals_are_named():
    t, welch = between(0, -1, 1), between(0, -1, 1, method="welch", level=0.9)
    exact = between(0.5, 0.1, 0.9, method="clopper-pearson", level=0.975)
    assert interval_name([None, t, t]) == "95% t interval"
    assert interval_name([welch]) == "90% Welch interval"
    assert interval_name([exact]) == "97.5% Clopper–Pearson interval"
    assert interval_name([t, welch]) == "95% t interval or 90% Welch interval"
    assert interval_name([Interval(value=1.0)]) == ""
    assert with_interval("mean", [t]).replace("\u00a0", " ") == "mean [95% t interval]"
    assert with_interval("mean", [Interval(value=1.0)]) == "mean"
    assert Digits(decimals=1).named(t).replace("\u00a0", " ") == "0.0 [−1.0, 1.0] (95% t interval)"


def test_probabilities():
    assert [probability(p) for p in (None, 0.0625, 0.00009, 0.0001, 1.0)] == [
        "–",
        "0.0625",
        "<0.0001",
        "0.0001",
        "1.0000",
    ]


def test_proportions():
    assert proportion(Proportion(k=1, n=5, interval=between(0.2, 0.00505, 0.71642))) == "1/5 [0.01, 0.72]"
    assert proportion(Proportion(k=0, n=0, interval=None)) == "0/0"
