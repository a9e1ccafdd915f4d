import dataclasses

from ablate.analysis.notes.capacity import capacity_notes
from ablate.config.spec import Capacity
from ablate.store.costs import PointCost
from ablate.store.record import Counts


def test_the_note_says_by_which_key_within_what_and_how_far():
    (said,) = capacity_notes(Capacity(by="model.channels", within=0.05), [100, 97, None, 102], baseline=100)
    assert said == (
        "Capacity is matched: model.channels is solved for at each design point, so that its parameters are within 5% "
        "of the baseline's (the furthest: −3.0%)."
    )


def test_what_is_not_known_is_not_said():
    assert capacity_notes(None, [1, 2], baseline=1) == ()
    for parameters, baseline in (([None], None), ([100], 100), ([100], None)):
        (said,) = capacity_notes(Capacity(), parameters, baseline=baseline)
        assert said.endswith("within 2% of the baseline's.")


def test_the_summary_has_the_width_that_the_records_were_trained_with(lab, point):
    spec = dataclasses.replace(lab.spec(replicates=1, a=["x", "y"]), capacity=Capacity())
    points = lab.crossed(spec)
    records = [
        dataclasses.replace(record, config={"model": {"width": width}}, counts=Counts(parameters=size))
        for record, width, size in zip(lab.records(spec, points, [[0.5], [0.6]]), (32, 17), (1000, 1010), strict=True)
    ]
    summary = lab.summarise_records(spec, points, records)
    assert (point(summary, a="x").width, point(summary, a="y").width) == (32, 17)
    assert summary.capacity == Capacity()
    assert any("within 2% of the baseline's (the furthest: +1.0%)" in note for note in summary.notes)
    free = lab.summarise_records(dataclasses.replace(spec, capacity=None), points, records)
    assert {p.width for p in free.points} == {None}
    assert not any("Capacity" in note for note in free.notes)


def test_costs_are_joined_by_levels(lab, point):
    spec = lab.spec(replicates=1, a=["x", "y", "z"], b=["p", "q"])
    costs = [
        PointCost(levels={"b": "p", "a": "y"}, activation_bytes=10, latency_seconds=0.5, timed_on="one thread of A"),
        PointCost(levels={"b": "q", "a": "x"}, activation_bytes=None, latency_seconds=None, timed_on="B"),
    ]
    summary = lab.summarise(spec, lab.crossed(spec), [[0.5]] * 6, costs=costs)
    priced = {p.activation_bytes: p for p in summary.points}
    assert set(priced) == {None, 10}
    assert (priced[10].levels, priced[10].latency_seconds) == ({"a": "y", "b": "p"}, 0.5)
    assert summary.timed_on == ("one thread of A",)
