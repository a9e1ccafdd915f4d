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


DEAD = """
# @package _global_
defaults:
  - override /model: mlp
replicates: 5
study:
  name: dead
  question: Do biases of -1 leave units dead?
  design: one_at_a_time
  factors: [start]
  response: {name: end/dead_units, better: lower, penalty: 1.0}
  claims:
    - {contrast: {start: [low, zero]}, expect: greater, margin: 0.1}
factor:
  start:
    reference: zero
    levels:
      zero: [model.bias_value=0.0]
      low: [model.bias_value=-3.0]
model: {width: 8, depth: 1}
data: {limit: 100, val_size: 10, test_size: 20}
optimizer: {lr: 0.0001}
trainer: {max_epochs: 2, diagnostic_examples: 70}
"""


@pytest.fixture
def dead(ablate, write, here):
    write("conf/study/dead.yaml", DEAD)
    return ablate("run", "dead", "engine=inline"), here / "results" / "dead"


@pytest.mark.numeric
def test_a_diagnostic_is_a_response_that_claims_are_judged_by(dead, ablate):
    result, path = dead
    assert result.exit_code == 0, result.output
    records = StudyDirectory(path).contents().records.values()
    by_level = {level: [r for r in records if r.levels["start"] == level] for level in ("zero", "low")}
    means = {level: sum(r.diagnostics["dead_units"]["end"] for r in rs) / 5 for level, rs in by_level.items()}
    assert means["low"] > means["zero"] + 0.1
    shown = json.loads(ablate("show", "dead", "--format", "json").stdout)
    points = {p["levels"]["start"]: p["mean"]["value"] for p in shown["points"]}
    assert points == pytest.approx(means)
    (verdict,) = shown["verdicts"]
    assert verdict["outcome"] == "supported"
    assert verdict["why"]["diagnostic"] != "dead_units"  # it cannot explain itself
    assert not any("trivial" in note or "still learning" in note for note in shown["notes"])
    table = ablate("show", "dead", "--table", "trials", "--format", "csv").stdout
    assert "end/dead_units" in table.splitlines()[0]
    before = StudyDirectory(path).contents()
    assert ablate("run", "dead", "engine=inline").exit_code == 0
    assert StudyDirectory(path).contents() == before  # nothing is trained again


def test_a_review_holds_no_diagnostic_against_a_predictor_without_a_network(dead, ablate):
    said = json.loads(ablate("review", "dead", "--format", "json").stdout)
    names = {remark["name"]: remark["state"] for remark in said["remarks"]}
    assert not names.keys() & {"floor_cells", "weak_baseline"}
    assert names["untuned"] == "open"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("study.response=end/dead_units", "is a diagnostic, of which nothing says which direction is better"),
        ("study.response={name: end/dead_unit, better: lower}", "Did you mean 'dead_units'"),
        ("trainer.diagnostics=[start]", "nothing is measured at the end: set trainer.diagnostics=[end] or true"),
        ("trainer.diagnostic_examples=1", "it must be 2 or more"),
        ("study.tune={optimizer.lr: [0.1, 0.2]}", "study.tune.metric="),
    ],
)
def test_a_diagnostic_that_is_not_measured_is_refused(refused, write, change, words):
    write("conf/study/dead.yaml", DEAD)
    assert words in refused("plan", "dead", change)
