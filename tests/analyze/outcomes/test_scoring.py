import numpy as np
import pytest

from ablate.analyze.outcomes.outcome import outcomes
from ablate.analyze.outcomes.scoring import score
from ablate.config.spec import Response

LOSS = Response(name="test/mse", better="lower")
GAIN = Response(name="test/reward", better="higher")


@pytest.fixture
def scored(lab):
    def run(response, values):
        spec = lab.spec(replicates=len(values[0]), response=response, a=["x", "y"])
        points = lab.crossed(spec)
        return score(outcomes(spec, points, lab.records(spec, points, values)), response)

    return run


def test_a_bounded_response_takes_the_trivial_value(scored, lab):
    response = Response(name="test/accuracy", better="higher", trivial=0.25)
    result = scored(response, [[0.9, lab.DIVERGED, 0.1], [0.8, 0.7, lab.FAILED]])
    np.testing.assert_array_equal(result.values, [[0.9, 0.25, 0.1], [0.8, 0.7, np.nan]])
    (note,) = result.notes
    assert "1 of 5 finished trials diverged" in note
    assert "0.25" in note


@pytest.mark.parametrize(("response", "worst"), [(LOSS, 9.0), (GAIN, -2.0)])
def test_an_unbounded_response_takes_the_worst_of_the_study(scored, lab, response, worst):
    result = scored(response, [[3.0, lab.DIVERGED, 9.0], [-2.0, lab.DIVERGED, lab.ABSENT]])
    np.testing.assert_array_equal(result.values, [[3.0, worst, 9.0], [-2.0, worst, np.nan]])
    (note,) = result.notes
    assert "2 of 5 finished trials diverged" in note
    assert "unbounded" in note


def test_where_all_diverged_there_is_no_worst_value(scored, lab):
    result = scored(LOSS, [[lab.DIVERGED, lab.DIVERGED], [lab.DIVERGED, lab.FAILED]])
    assert np.isnan(result.values).all()
    (note,) = result.notes
    assert "no worst value" in note


def test_failed_and_missing_trials_are_never_scored(scored, lab):
    result = scored(LOSS, [[1.0, lab.FAILED], [lab.ABSENT, 2.0]])
    np.testing.assert_array_equal(result.values, [[1.0, np.nan], [np.nan, 2.0]])
    assert result.notes == ()


def test_a_diverged_trial_is_scored_whatever_its_last_response_was(lab):
    response = Response(name="test/accuracy", better="higher", trivial=0.1)
    spec = lab.spec(replicates=1, response=response, a=["x", "y"])
    points = lab.crossed(spec)
    records = [
        lab.record(spec, points[0].levels, 0, 0.9),
        lab.record(spec, points[1].levels, 0, "diverged", responses={"test/accuracy": 0.95}),
    ]
    np.testing.assert_array_equal(score(outcomes(spec, points, records), response).values, [[0.9], [0.1]])
