from dataclasses import replace

import numpy as np
import pytest

from ablate.analysis.outcomes.outcome import outcomes
from ablate.analysis.outcomes.scoring import score
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


@pytest.fixture
def with_trivial(lab):
    """Scores of two arms whose records say what the trivial predictor scores on each replicate's split."""

    def run(response, values, trivial):
        spec = lab.spec(replicates=len(values[0]), response=response, a=["x", "y"])
        points = lab.crossed(spec)
        records = [replace(r, trivial={response.name: trivial[r.replicate]}) for r in lab.records(spec, points, values)]
        return score(outcomes(spec, points, records), response)

    return run


@pytest.mark.parametrize("response", [LOSS, GAIN])
def test_an_unbounded_response_takes_the_trivial_value_of_its_own_replicate(with_trivial, lab, response):
    result = with_trivial(response, [[3.0, lab.DIVERGED, 9.0], [-2.0, lab.DIVERGED, lab.ABSENT]], [1.0, 1.5, 2.0])
    np.testing.assert_array_equal(result.values, [[3.0, 1.5, 9.0], [-2.0, 1.5, np.nan]])
    np.testing.assert_array_equal(result.trivial, [[1.0, 1.5, 2.0], [1.0, 1.5, np.nan]])
    (note,) = result.notes
    assert "2 of 5 finished trials diverged" in note
    assert "the trivial predictor's value on the test split of its own replicate" in note


def test_a_penalty_comes_first(with_trivial, lab):
    result = with_trivial(replace(LOSS, penalty=7.0), [[3.0, lab.DIVERGED], [1.0, 2.0]], [1.0, 1.5])
    np.testing.assert_array_equal(result.values, [[3.0, 7.0], [1.0, 2.0]])
    assert "7, the penalty that the response names" in result.notes[0]


def test_without_either_a_diverged_trial_has_no_score(scored, lab):
    result = scored(LOSS, [[3.0, lab.DIVERGED], [1.0, 2.0]])
    np.testing.assert_array_equal(result.values, [[3.0, np.nan], [1.0, 2.0]])
    assert "1 of the diverged trials have no score" in result.notes[1]


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
