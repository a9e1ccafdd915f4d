import csv
import json

import pytest

from ablate.store import StudyDirectory

SPEED = """
# @package _global_
defaults:
  - override /model: mlp
replicates: 5
study:
  name: speed
  question: Does a wider net take fewer updates?
  design: one_at_a_time
  factors: [{model.width: [16, 2]}]
  response: val/updates_to_accuracy
  claims:
    - {contrast: {model.width: ["2", "16"]}, expect: greater, margin: 8}
model: {depth: 0}
objective: {updates_to: {accuracy: 0.7}}
data: {limit: 300, val_size: 50, test_size: 50, batch_size: 25}
optimizer: {lr: 0.03}
trainer: {max_epochs: 6}
"""


@pytest.fixture
def run(ablate, write, here):
    write("conf/study/speed.yaml", SPEED)

    def records(*words):
        result = ablate("run", "speed", "engine=inline", *words)
        assert result.exit_code == 0, result.output
        (directory,) = (here / "results").iterdir()
        return StudyDirectory(directory).contents().records.values()

    return records


@pytest.mark.parametrize("stacked", ["true", "false"])
def test_updates_are_counted_to_the_first_evaluation_that_reaches_the_threshold(run, ablate, here, stacked):
    records = run(f"trainer.stacked={stacked}")
    reached = []
    for record in records:
        (folder,) = (here / "results").glob(f"*/trials/**/{record.id}")
        with (folder / "curve.csv").open() as file:
            good = [int(row["epoch"]) for row in csv.DictReader(file) if float(row["val/accuracy"]) > 0.699]
        assert record.counts.steps == 48
        assert record.value("val/updates_to_accuracy") == (8 * good[0] if good else 56)
        reached += good[:1]
    assert 0 < len(reached) < len(records)
    late = sum(record.value("val/updates_to_accuracy") == 56 for record in records)
    (folder,) = (here / "results").iterdir()
    shown = json.loads(ablate("show", folder.name, "--format", "json").stdout)
    assert any(note.startswith(f"{late} of 10 finished trials did not reach the threshold") for note in shown["notes"])
    (verdict,) = shown["verdicts"]
    assert (verdict["n"], verdict["outcome"]) == (5, "supported")


def test_a_training_that_ends_early_counts_as_its_whole_budget(run):
    records = run("trainer.patience=1", "trainer.max_epochs=30", "optimizer.lr=0.3", "objective.updates_to.accuracy=1")
    early = [record for record in records if record.counts.steps < 240]
    assert early
    assert {record.value("val/updates_to_accuracy") for record in early} == {248.0}


@pytest.mark.parametrize("expect", ["equivalent", "greater"])
def test_equality_claimed_or_found_is_left_open_where_a_training_did_not_reach_the_threshold(
    run, ablate, write, here, expect
):
    write("conf/study/speed.yaml", SPEED.replace("greater, margin: 8", f"{expect}, margin: 500"))
    run()
    (folder,) = (here / "results").iterdir()
    (verdict,) = json.loads(ablate("show", folder.name, "--format", "json").stdout)["verdicts"]
    assert (verdict["outcome"], verdict["untrained"]) == ("inconclusive", "")
    assert "unreached" in [qualifier["name"] for qualifier in verdict["qualifiers"]]
    assert "its trials did not reach the threshold, and would have taken more updates" in verdict["line"]


def test_a_training_that_diverges_counts_as_one_that_did_not_reach_it(run, ablate, write, here):
    write(
        "conf/study/speed.yaml",
        SPEED.replace("{model.width: [16, 2]}", "{optimizer.lr: [0.03, 1000000000.0]}").replace(
            'model.width: ["2", "16"]', 'optimizer.lr: ["1000000000.0", "0.03"]'
        ),
    )
    records = run()
    diverged = [record for record in records if record.state == "diverged"]
    assert len(diverged) == 5
    (folder,) = (here / "results").iterdir()
    shown = json.loads(ablate("show", folder.name, "--format", "json").stdout)
    assert {point["levels"]["optimizer.lr"]: point["mean"]["value"] for point in shown["points"]}["1000000000.0"] == 56
    assert any("each is scored as one that did not reach the threshold" in note for note in shown["notes"])
    (verdict,) = shown["verdicts"]
    assert verdict["interval"]["value"] > 8
