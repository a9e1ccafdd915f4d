"""From a study's YAML to the printed column, the clause under the verdict and the files beside the record."""

import csv
import json

import pytest

from ablate.store import StudyDirectory

STUDY = """
# @package _global_
defaults:
  - override /model: mlp
replicates: 5
study:
  name: reach
  question: Which targets can a ReLU reach?
  design: one_at_a_time
  factors: [output_activation]
  response: test/mse
  diagnostics: [unreachable, dead_units]
  claims:
    - {contrast: {output_activation: [relu, linear]}, expect: greater, margin: 0.1}
factor:
  output_activation:
    reference: linear
    levels:
      linear: [model.output_activation=linear]
      relu: [model.output_activation=relu]
model: {width: 8, depth: 1, skip_span: 0, hidden_activation: relu}
data: {limit: 60, val_size: 10, test_size: 20}
trainer: {max_epochs: 2}
"""
WORDS = ("reach", "engine=inline", "data=synthetic", "objective=regression")


@pytest.fixture
def reach(ablate, write, here):
    write("conf/study/reach.yaml", STUDY)
    return ablate("run", *WORDS), next((here / "results").iterdir())


def test_a_study_shows_what_it_names_and_says_what_separates_its_arms(reach, ablate):
    result, path = reach
    assert result.exit_code == 0, result.output
    said = " ".join(ablate("show", path.name, "--table", "all").stdout.split())
    assert "what separates them most: unreachable training targets at the start" in said
    assert "found afterwards, among all diagnostics" in said
    summary = json.loads((path / "summary.json").read_text())["summary"]
    linear, relu = ({p["levels"]["output_activation"]: p for p in summary["points"]}[x] for x in ("linear", "relu"))
    assert linear["diagnostics"]["unreachable"] == {"start": 0, "middle": 0, "end": 0}
    assert 0.3 < relu["diagnostics"]["unreachable"]["end"] < 0.7  # y is about N(0, 1)
    assert summary["verdicts"][0]["why"]["diagnostic"] == "unreachable"
    shown = ablate("show", path.name, "--format", "markdown").stdout
    assert "| unreachable training targets |" in shown
    assert "dead units, start → end" in shown
    directory = StudyDirectory(path)
    for trial, record in directory.contents().records.items():
        rows = list(csv.DictReader((directory.trial(trial) / "diagnostics.csv").read_text().splitlines()))
        assert {row["moment"] for row in rows} == {"start", "middle", "end"}
        assert {"stem", "hidden.layers.0", "head.output"} <= {row["layer"] for row in rows}
        assert record.diagnostics["dead_units"].keys() == {"start", "middle", "end"}


def test_another_column_trains_nothing_and_stays(reach, ablate):
    _, path = reach
    before = StudyDirectory(path).contents()
    again = ablate("run", *WORDS, "study.diagnostics=[effective_rank]", "--format", "markdown")
    assert "effective rank, start → end" in again.stdout
    assert "unreachable training targets" in again.stdout
    assert StudyDirectory(path).contents() == before
    assert "effective rank" in ablate("show", path.name, "--format", "markdown").stdout


def test_nothing_is_measured_where_that_is_switched_off(ablate, here, tiny):
    assert ablate("run", *tiny, "trainer.diagnostics=false").exit_code == 0
    (study,) = (here / "results").iterdir()
    assert not list(study.rglob("diagnostics.csv"))
    assert all(not r.diagnostics for r in StudyDirectory(study).contents().records.values())
    said = "4 of 4 trials that are there have no diagnostics"
    assert said in " ".join(ablate("run", *tiny).stderr.split())
    assert said not in " ".join(ablate("run", *tiny, "trainer.diagnostics=false").stderr.split())
