import json
import os

import pytest

from ablate.store import StudyDirectory

TIMED = """
# @package _global_
defaults:
  - override /model: mlp
replicates: 5
study:
  name: timed
  question: Does width cost time?
  design: one_at_a_time
  factors: [{model.width: [8, 16]}]
  response: train/seconds
  claims:
    - {contrast: {model.width: ["16", "8"]}, expect: equivalent, margin: 10%}
model: {depth: 1}
data: {limit: 100, val_size: 10, test_size: 20}
trainer: {max_epochs: 2, stacked: false}
"""


def test_the_time_of_a_training_is_a_response_and_each_trial_has_its_own(ablate, write, here):
    write("conf/study/timed.yaml", TIMED)
    result = ablate("run", "timed", "engine=inline")
    assert result.exit_code == 0, result.output
    records = StudyDirectory(here / "results" / "timed").contents().records.values()
    assert len({record.seconds for record in records}) > 2  # a stack would have shared its time equally
    seconds = {w: [r.seconds for r in records if r.levels["model.width"] == w] for w in ("8", "16")}
    shown = json.loads(ablate("show", "timed", "--format", "json").stdout)
    points = {point["levels"]["model.width"]: point["mean"]["value"] for point in shown["points"]}
    assert points == pytest.approx({width: sum(each) / 5 for width, each in seconds.items()}, rel=1e-9)
    (verdict,) = shown["verdicts"]
    assert verdict["n"] == 5


def test_a_plan_says_why_trials_that_are_timed_train_alone(ablate, write):
    write("conf/study/timed.yaml", TIMED)
    assert "trainer.stacked is false" in " ".join(ablate("plan", "timed").stdout.split())


@pytest.mark.parametrize(("workers", "said"), [("auto", "on 1 worker"), ("2", "on 2 workers")])
def test_one_trains_at_a_time_unless_it_is_said_otherwise(ablate, write, workers, said, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    write("conf/study/timed.yaml", TIMED)
    shown = " ".join(ablate("plan", "timed", "engine=local", f"engine.workers={workers}").output.split())
    assert said in shown
    assert ("one training at a time" in shown) == (workers == "auto")


def test_a_stack_has_no_time_for_each_of_its_trials(refused, write):
    write("conf/study/timed.yaml", TIMED)
    assert "trials of a stack share its time: set trainer.stacked=false" in refused(
        "plan", "timed", "trainer.stacked=true"
    )
