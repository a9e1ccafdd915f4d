"""A short campaign: a few kills, and nothing left or changed. `make chaos` is a longer one."""

import tempfile
from pathlib import Path

import pytest

from tests.reliability.campaign import SIGNALS, Campaign, report


@pytest.mark.slow
def test_a_few_kills_leave_nothing_and_change_nothing():
    with tempfile.TemporaryDirectory(prefix="ablate-chaos-") as folder:
        campaign = Campaign(folder=Path(folder), seed=1)
        campaign.run(minutes=0.2, kills=5, studies=["loaded"])
    assert campaign.problems == []
    assert campaign.kills.total() > 0
    assert campaign.compared > 0


def test_what_is_wrong_is_in_the_table():
    campaign = Campaign(folder=Path(), seed=1)
    campaign.kills["worker", SIGNALS[0].name] = 3
    campaign.problems.append("loaded: left after exit code 1: a process")
    text = "\n".join(report(campaign, "make chaos"))
    assert "| worker | 3 | 0 | 0 | 0 | 3 |" in text
    assert "left after exit code 1" in text


def test_a_trial_that_comes_out_otherwise_is_a_problem():
    campaign = Campaign(folder=Path(), seed=1)
    one = {"states": {"a": "complete"}, "verdicts": [], "responses": {"a": {"test/mse": 1.0}}}
    for value, name, count in [
        (1.0, "loaded", 0),
        (1.0 + 1e-6, "stacked", 0),
        (1.0 + 1e-6, "loaded", 1),
        (1.1, "stacked", 1),
    ]:
        campaign.problems.clear()
        campaign._compare(name, one, one | {"responses": {"a": {"test/mse": value}}})
        assert len(campaign.problems) == count
