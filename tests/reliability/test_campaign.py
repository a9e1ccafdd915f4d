"""A short campaign: a few kills, and nothing left or changed. `make chaos` is a longer one."""

import json
import tempfile
from pathlib import Path

import pytest

from tests.reliability.campaign import Campaign, report
from tests.reliability.monotone import Monotone
from tests.reliability.ray_site import RaySite
from tests.reliability.site import LocalSite
from tests.reliability.slurm_site import SlurmSite


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make_site", "study"),
    [
        pytest.param(LocalSite, "loaded", id="local"),
        pytest.param(RaySite, "alone", id="ray"),
        pytest.param(SlurmSite, "alone", id="slurm", marks=pytest.mark.slurm),
    ],
)
def test_a_few_kills_leave_nothing_and_change_nothing(make_site, study):
    with tempfile.TemporaryDirectory(prefix="ablate-chaos-") as folder:
        campaign = Campaign(folder=Path(folder), seed=1, site=make_site())
        campaign.run(minutes=10, kills=4, studies=[study])  # the kills end it: a slow machine may take its time
    assert campaign.problems == []
    assert campaign.kills.total() > 0
    assert campaign.compared > 0


def test_progress_that_goes_back_is_a_problem(tmp_path):
    trials = tmp_path / "study" / "trials"
    for trial in ("a", "b"):
        (trials / trial).mkdir(parents=True)

    def write(trial, name, content):
        (trials / trial / name).write_text(json.dumps(content))

    progress = Monotone()
    write("a", "record.json", {"state": "complete", "started": "12:00"})
    write("b", "checkpoint.json", {"trials": ["b"], "epoch": 3})
    assert list(progress.problems(tmp_path)) == []
    write("b", "checkpoint.json", {"trials": ["b"], "epoch": 2})
    assert list(progress.problems(tmp_path)) == ["trial b is back from epoch 3 to 2"]
    write("a", "record.json", {"state": "complete", "started": "12:01"})
    assert list(progress.problems(tmp_path)) == ["trial a was trained again, though it had a result"]
    (trials / "a" / "record.json").unlink()
    (trials / "b" / "checkpoint.json").unlink()
    write("b", "record.json", {"state": "failed", "started": "12:00"})
    assert list(progress.problems(tmp_path)) == ["the result of trial a is gone"]


def test_what_is_wrong_is_in_the_table():
    campaign = Campaign(folder=Path(), seed=1)
    campaign.kills["worker", "SIGKILL"] = 3
    campaign.problems.append("loaded: left after exit code 1: a process")
    text = "\n".join(report(campaign, "make chaos"))
    assert "| worker | 3 | 0 | 0 | 0 | 3 |" in text
    assert "left after exit code 1" in text


def test_a_trial_that_comes_out_otherwise_is_a_problem():
    campaign = Campaign(folder=Path(), seed=1)
    one = {"records": 1, "states": {"a": "complete"}, "verdicts": [], "responses": {"a": {"test/mse": 1.0}}}
    for value, name, count in [
        (1.0, "loaded", 0),
        (1.0 + 1e-6, "stacked", 0),
        (1.0 + 1e-6, "loaded", 1),
        (1.1, "stacked", 1),
    ]:
        campaign.problems.clear()
        campaign._compare(name, one, one | {"responses": {"a": {"test/mse": value}}})
        assert len(campaign.problems) == count
