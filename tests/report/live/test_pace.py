import pytest

from ablate.report.live.pace import Pace


def test_the_time_left_follows_the_plan_and_then_the_measured_pace():
    pace = Pace(0.0)
    assert pace.left(10, 5.0) is None
    pace.expect(100.0, 20.0)
    pace.expect(None, 20.0)
    assert pace.left(10, 50.0) == 70.0
    assert pace.left(10, 121.0) is None, "the plan has run out"
    pace.count(40.0)
    pace.expect(60.0, 40.0)
    assert (pace.started, pace.planned) == (20.0, 160.0), "a later part of the study goes on with the clock"
    assert pace.per_s == pytest.approx(1 / 20)
    assert pace.left(9, 40.0) == pytest.approx(180)
    assert pace.left(9, 100.0) == pytest.approx(120)


def test_a_pace_that_was_not_kept_counts_the_time_without_a_trial():
    pace = Pace(0.0)
    for _ in range(4):
        pace.count(40.0)
    assert pace.left(4, 70.0) == pytest.approx(10)
    assert pace.left(4, 100.0) == pytest.approx(100)


def test_what_ended_before_the_first_training_says_nothing_of_the_pace():
    pace = Pace(100.0)
    pace.count(99.0)
    assert (pace.trained, pace.per_s) == (0, None)
