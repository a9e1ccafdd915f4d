"""Matched capacity from a person's own YAML to the table, and what is wrong with it."""

import json

import pytest

from ablate import study
from ablate.errors import ConfigError
from ablate.store import StudyDirectory
from tests.cli.test_startup import NEVER, loaded

STUDY = """
# @package _global_
defaults:
  - override /model: mlp
  - override /engine: inline
replicates: 1
study:
  name: deep
  question: Is deeper better at one size?
  design: one_at_a_time
  factors: [stack]
  response: test/accuracy
  capacity: matched
factor:
  stack:
    reference: one
    levels:
      one: [model.depth=1]
      five: [model.depth=5]
model: {width: 64, skip_span: 0}
data: {limit: 60, val_size: 10, test_size: 20}
trainer: {max_epochs: 1}
"""


@pytest.fixture
def deep(write):
    write("conf/study/deep.yaml", STUDY.lstrip())
    return ("deep",)


def size(width, depth):
    return 64 * width + width + depth * (width * width + width) + 10 * width + 10


def test_a_study_of_one_size(ablate, here, deep):
    result = ablate("run", *deep)
    assert result.exit_code == 0, result.output
    width = min(range(1, 100), key=lambda w: abs(size(w, 5) - size(64, 1)))
    directory = StudyDirectory(here / "results/deep")
    trained = {r.levels["stack"]: r for r in directory.contents().records.values()}
    assert {level: r.config["model"]["width"] for level, r in trained.items()} == {"one": 64, "five": width}
    assert {level: r.counts.parameters for level, r in trained.items()} == {"one": size(64, 1), "five": size(width, 5)}
    assert abs(size(width, 5) / size(64, 1) - 1) <= 0.02

    assert "Capacity is matched: model.width is solved for" in " ".join(result.stdout.split())
    said = " ".join(ablate("show", "deep", "--table", "all").stdout.split())
    assert "Capacity is matched: model.width is solved for at each design point" in said
    assert " width parameters " in said.replace("(KiB)", "")
    points = json.loads(ablate("show", "deep", "--format", "json").stdout)["points"]
    assert [(p["width"], p["parameters"]) for p in points] == [(64, size(64, 1)), (width, size(width, 5))]
    assert all(p["latency_seconds"] > 0 and p["activation_bytes"] > 0 for p in points)

    again = ablate("run", *deep)
    assert (again.exit_code, again.stderr) == (0, ""), "nothing is left to train"
    assert again.stdout == result.stdout
    planned = " ".join(ablate("plan", *deep).stdout.split())
    assert f" five {width} " in planned.replace("stack=five", " five")
    assert "Capacity is matched" in planned
    assert not loaded("show", "deep") & {*NEVER}


def test_a_worker_solves_for_the_same_widths_and_raises_the_same_errors(deep):
    here_solved, there_solved = (study.plan([*deep, f"engine={name}"]).configs for name in ("inline", "local"))
    assert [c.model for c in here_solved] == [c.model for c in there_solved]
    assert here_solved[1].model["width"] != 64
    with pytest.raises(ConfigError, match=r"Did you mean 'model\.width'\?"):
        study.plan([*deep, "engine=local", "study.capacity={matched: model.widht}"])


def test_another_capacity_is_another_study(ablate, here, deep):
    ablate("run", *deep)
    ablate("run", *deep, "study.capacity=null")
    ablate("run", *deep, "study.capacity={matched: model.width, within: 0.1}")
    names = sorted(path.name for path in (here / "results").iterdir())
    assert len(names) == 3
    assert "deep@study.capacity=null" in names
    free = StudyDirectory(here / "results/deep@study.capacity=null").contents().records.values()
    assert {r.config["model"]["width"] for r in free} == {64}


def test_a_changed_file_does_not_change_a_frozen_study(ablate, write, deep):
    ablate("run", *deep)
    write("conf/study/deep.yaml", STUDY.lstrip().replace("capacity: matched", "capacity: {within: 0.05}"))
    result = ablate("run", *deep)
    assert result.exit_code == 2
    assert "capacity matched within 2% by model.width → matched" in " ".join(result.stderr.split())


@pytest.mark.parametrize("sign", ["", "+"])
def test_a_shipped_study_can_be_matched(ablate, sign):
    assert "Capacity is matched" in ablate("plan", "smoke", f"{sign}study.capacity=matched").stdout


@pytest.mark.parametrize(
    ("capacity", "says"),
    [
        ("equal", "Unknown study.capacity 'equal'. Valid: matched."),
        ("{matched: trainer.max_epochs}", "'trainer.max_epochs' is not a key below 'model'"),
        ("{matched: model.width, within: 2}", "study.capacity.within=2 is a share"),
        ("{matched: model.widht}", "Did you mean 'model.width'?"),
        ("{mached: model.width}", "mached"),
        ("{matched: model.hidden_activation}", "model.hidden_activation is 'relu'"),
        ("{matched: model.depth}", "sets it (model.depth=1)"),
        ("{matched: model.width, within: 0.001}", "at stack=five no model.width gives within 0.1%"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_trained(refused, deep, capacity, says):
    assert says in " ".join(refused("run", *deep, f"study.capacity={capacity}").split())
