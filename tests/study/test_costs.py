"""What is measured before a run trains, what is said of it, and what is forgotten."""

import pytest

from ablate import study
from ablate.execute.examine import cost
from ablate.store import StudyDirectory
from ablate.store.costs import PointCost, read_costs, write_costs
from ablate.study import costs

TINY = (
    "smoke", "engine=inline", "model.width=4", "model.depth=0", "model.skip_span=0",
    "data.limit=60", "data.val_size=10", "data.test_size=20",
)  # fmt: skip
LEVELS = ({"hidden_activation": "relu"}, {"hidden_activation": "tanh"})


@pytest.fixture
def run(here, listener):
    """Runs a request; gives what was said, and the study's directory."""

    def call(*words, stale=None):
        heard = type(listener)()
        _, directory = study.run(words or TINY, observer=heard, stale=stale)
        return heard.remarks, StudyDirectory(directory)

    return call


@pytest.fixture
def hurried(monkeypatch):
    """The time for measuring is over after the first design point."""
    whole = cost.measure
    monkeypatch.setattr(cost, "measure", lambda points, configs, **budget: whole(points[:1], configs[:1], **budget))


def test_many_networks_are_announced_before_they_are_measured(run, monkeypatch):
    assert run()[0] == []
    monkeypatch.setattr(costs, "ANNOUNCED_POINTS", 2)
    (said,), _ = run(*TINY, "seed=1")
    assert said == "Measuring the activations and latency of 2 design points first: about 20 s at most."
    assert run(*TINY, "seed=1")[0] == [], "they are on disk"


def test_what_was_not_measured_is_said(run, hurried):
    _, directory = run()
    assert [c.levels for c in read_costs(directory)] == [LEVELS[0]]
    summary, _ = study.summarise(directory.path)
    assert [n for n in summary.notes if n.startswith("Not measured: activations and latency of 1 design point.")]


def test_costs_of_old_code_go_though_the_time_is_over(run, hurried):
    _, directory = run()
    old = [PointCost(levels=levels, activation_bytes=1, latency_seconds=9.0, timed_on="then") for levels in LEVELS]
    write_costs(directory, old)
    run(*TINY, "replicates=3")
    assert list(read_costs(directory)) == old
    run(*TINY, "replicates=4", stale="rerun")
    (measured,) = read_costs(directory)
    assert (measured.levels, measured.timed_on != "then") == (LEVELS[0], True)
