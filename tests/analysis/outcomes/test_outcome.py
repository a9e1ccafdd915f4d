import numpy as np

from ablate.analysis.outcomes.outcome import outcomes


def test_records_find_their_places_in_any_order(lab):
    spec = lab.spec("factorial", replicates=3, a=["x", "y"], b=["p", "q"])
    points = lab.crossed(spec)
    values = [
        [1.0, 2.0, 3.0],
        [4.0, lab.ABSENT, 6.0],
        [lab.ABSENT, 8.0, lab.FAILED],
        [10.0, lab.DIVERGED, 12.0],
    ]
    records = lab.records(spec, points, values)
    expected = [[1, 2, 3], [4, np.nan, 6], [np.nan, 8, np.nan], [10, np.nan, 12]]
    for order in (records, records[::-1], sorted(records, key=lambda r: hash(r.id))):
        found = outcomes(spec, points, order)
        np.testing.assert_array_equal(found.response, expected)
        assert np.argwhere(found.failed).tolist() == [[2, 2]]
        assert np.argwhere(found.diverged).tolist() == [[3, 1]]
        assert np.argwhere(found.missing).tolist() == [[1, 1], [2, 0]]
        assert found.notes == ()


def test_the_order_of_a_records_factors_does_not_matter(lab):
    spec = lab.spec("factorial", replicates=1, a=["x", "y"], b=["p", "q"])
    points = lab.points({"a": "y", "b": "p"})
    found = outcomes(spec, points, [lab.record(spec, {"b": "p", "a": "y"}, 0, 0.5)])
    assert found.response.tolist() == [[0.5]]


def test_a_complete_record_without_a_finite_response_is_missing_and_named(lab):
    spec = lab.spec(replicates=4, a=["x", "y"])
    (point,) = points = lab.points({"a": "x"})
    name = spec.response.name
    broken = [{name: None}, {}, {name: float("nan")}, {name: float("inf")}]
    records = [
        lab.record(spec, point.levels, r, 0.5, id=f"t{r}", responses=responses) for r, responses in enumerate(broken)
    ]
    found = outcomes(spec, points, records)
    assert found.missing.all()
    assert [f"t{r}" in note for r, note in enumerate(found.notes)] == [True] * 4


def test_trials_outside_the_plan_are_left_out_and_counted(lab):
    spec = lab.spec(replicates=2, a=["x", "y"])
    points = lab.crossed(spec)
    records = lab.records(spec, points, [[1.0, 2.0], [3.0, 4.0]])
    strangers = [lab.record(spec, {"a": "x"}, 2, 99.0), lab.record(spec, {"a": "z"}, 0, 99.0)]
    strangers.append(lab.record(spec, {"a": "x", "b": "p"}, 0, 99.0))
    found = outcomes(spec, points, records + strangers)
    assert found.response.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    (note,) = found.notes
    assert note.startswith("3 of 7 records are left out")


def test_of_two_records_of_a_trial_the_latest_that_did_not_fail_counts(lab):
    spec = lab.spec(replicates=1, a=["x", "y"])
    points = lab.points({"a": "x"})
    tries = [
        lab.record(spec, {"a": "x"}, 0, 0.1, started="2024-05-01T00:00:00Z"),
        lab.record(spec, {"a": "x"}, 0, 0.2, started="2024-05-03T00:00:00Z"),
        lab.record(spec, {"a": "x"}, 0, "failed", started="2024-05-04T00:00:00Z"),
        lab.record(spec, {"a": "x"}, 0, 0.3, started="2024-05-02T00:00:00Z"),
    ]
    for order in (tries, tries[::-1], tries[2:] + tries[:2]):
        found = outcomes(spec, points, order)
        assert found.response.tolist() == [[0.2]]
        assert not found.failed.any()
        assert len(found.notes) == 1
