"""From `study.tune` to a verdict: an arm that needs another learning rate gets it, and everybody is told."""

import json
import sys
from collections import Counter

import pytest

from ablate import study
from ablate.plan.seeds import TUNING_FROM
from ablate.store import StudyDirectory
from ablate.store.choices import TUNED, read_choices, tuning_directory

NET = """
    import math

    import torch


    class Gained(torch.nn.Module):
        # A gain on each layer, and weights that start smaller by it: the same function at the start, of which a step
        # of gradient descent moves by the square of the gain.
        def __init__(self, inputs: list[int], outputs: int, gain: float = 1.0):
            super().__init__()
            self.hidden = torch.nn.Linear(math.prod(inputs), 16)
            self.last = torch.nn.Linear(16, outputs)
            self.gain = gain
            with torch.no_grad():
                for parameter in self.parameters():
                    parameter.div_(gain)

        def forward(self, x):
            return self.gain * self.last(torch.relu(self.gain * self.hidden(x.flatten(1))))
"""
MODEL = "_target_: gained_net.Gained\ninputs: ${data.inputs}\noutputs: ${data.outputs}\ngain: 1.0\n"
STUDY = """
    # @package _global_
    defaults:
      - override /model: gained
      - override /optimizer: sgd
    replicates: 5
    study:
      name: gained
      question: Does a gain on the outputs of layers help?
      design: one_at_a_time
      factors: [gain]
      response: test/accuracy
      claims:
        - {contrast: {gain: [large, none]}, expect: greater, margin: 0.05}
    factor:
      gain: {reference: none, levels: {none: [model.gain=1.0], large: [model.gain=3.3]}}
    optimizer: {lr: 0.6, momentum: 0.0}
    data: {limit: 600, val_size: 150, test_size: 250, batch_size: 25}
    trainer: {max_epochs: 10}
"""
GRID = "study.tune={optimizer.lr: [0.02, 0.06, 0.2, 0.6]}"
"""The gain of 3.3 asks for a rate that is 11 times smaller."""
NAME = "gained@study.tune={optimizer.lr:_[0.02,_0.06,_0.2,_0.6]}"

pytestmark = pytest.mark.usefixtures("kept_timings")


@pytest.fixture
def gained(write):
    """Writes the study; gives the words that run it."""
    write("gained_net.py", NET)
    write("conf/model/gained.yaml", MODEL)
    write("conf/study/gained.yaml", STUDY)
    return "gained", "engine=inline"


@pytest.fixture
def quick(gained):
    """The same with a budget of two epochs, one on either rung, and no claim: where nothing has to be learned well."""
    words = ("trainer.max_epochs=2", "replicates=2", "study.claims=[]", "data.limit=100", "data.val_size=20",
             "data.test_size=30", "study.name=quick")  # fmt: skip
    return *gained, *words, GRID


@pytest.fixture
def two_rungs(quick):
    """The same with a budget of four epochs."""
    return tuple(word.replace("max_epochs=2", "max_epochs=4") for word in quick)


def directory_of(here) -> StudyDirectory:
    (path,) = (here / "results").iterdir()
    return StudyDirectory(path)


def test_an_arm_that_needs_another_rate_is_contradicted_untuned_and_equivalent_tuned(gained, ablate):
    untuned = ablate("run", *gained, "--format", "json")
    assert untuned.exit_code == 0, untuned.stderr
    found = json.loads(untuned.stdout)
    assert found["verdicts"][0]["outcome"] == "contradicted"
    assert found["tuning"] is None
    assert found["points"][0]["tuned"] == {}
    assert "All arms at lr 0.6, untuned." in found["qualifiers"]
    assert "All arms at lr 0.6, untuned." in ablate("show", "gained").stdout

    tuned = ablate("run", *gained, GRID, "--format", "json")
    assert tuned.exit_code == 0, tuned.stderr
    found = json.loads(tuned.stdout)
    assert found["verdicts"][0]["outcome"] == "equivalent"
    assert [point["tuned"] for point in found["points"]] == [{"optimizer.lr": 0.6}, {"optimizer.lr": 0.06}]
    assert (found["complete"], found["tuning"]["trials"]) == (10, 24), "counted apart"
    (edge,) = [line for line in found["qualifiers"] if "edge" in line]
    assert "lr 0.6, the highest tried, of gain=none" in edge
    (said,) = [line for line in found["qualifiers"] if line.startswith("Tuned: ")]
    assert "lr is chosen for each design point by the mean val/accuracy over 2 tuning seeds, among 4" in said
    assert "(24 tuning trials, counted apart)" in said
    assert not [line for line in found["qualifiers"] if "untuned" in line]

    points = ablate("show", NAME, "--table", "points").stdout
    assert "lr*" in points
    assert "*: chosen for each arm by tuning." in points
    rows = ablate("show", NAME, "--table", "points", "--format", "csv").stdout.splitlines()
    assert [row.split(",")[rows[0].split(",").index("tuned.optimizer.lr")] for row in rows[1:]] == ["0.6", "0.06"]
    table = ablate("show", NAME, "--table", "tuning").stdout
    assert table.count("% *") == 2
    assert "at 25%" in table
    assert len(ablate("show", NAME, "--table", "tuning", "--format", "csv").stdout.splitlines()) == 1 + 2 * (4 + 2)
    assert len(ablate("show", NAME, "--table", "trials", "--format", "csv").stdout.splitlines()) == 1 + 10
    assert "all are as they were written" in ablate("verify", NAME).stdout


def test_a_plan_says_what_tuning_costs_and_what_is_not_known_before_it(quick, ablate, here):
    said = " ".join(ablate("plan", *quick).stdout.split())
    assert (
        "optimizer.lr for 2 arms by val/accuracy, on 2 tuning seeds: 4 candidates at 25% of the budget, then 2 " in said
    )
    assert "16 tuning trials: 16 to train, about " in said, "those of the second rung are among those of the first"
    assert "2 arms without a choice: ids of trials follow from what is chosen, and are not known before" in said
    assert not (here / "results").exists()
    assert ablate("run", *quick).exit_code == 0
    said = " ".join(ablate("plan", *quick).stdout.split())
    assert "16 tuning trials, all finished: the settings are chosen" in said
    assert "lr*" in said
    assert "nothing to train" in said


def test_tuning_trials_see_no_test_split_and_no_replicate_sees_their_seeds(quick, ablate, here):
    assert ablate("run", *quick).exit_code == 0
    directory = directory_of(here)
    tried = tuning_directory(directory.path).contents().records
    assert {name for record in tried.values() for name in record.responses} == {
        "train/loss", "val/loss", "val/accuracy",
    }  # fmt: skip
    assert {record.replicate for record in tried.values()} == {TUNING_FROM, TUNING_FROM + 1}
    assert {record.replicate for record in directory.contents().records.values()} == {0, 1}
    rates = {
        record.levels["gain"]: record.config["optimizer"]["lr"] for record in directory.contents().records.values()
    }
    assert rates == {choice.levels["gain"]: choice.chosen["optimizer.lr"] for choice in read_choices(directory)}


def test_a_choice_is_made_once_and_more_replicates_and_levels_keep_it(quick, ablate, here, listener):
    assert ablate("run", *quick).exit_code == 0
    directory = directory_of(here)
    before = (directory.path / TUNED).read_bytes()
    study.run([*quick, "replicates=3"], observer=listener)
    assert {record.replicate for record in listener.records} == {2}
    assert (directory.path / TUNED).read_bytes() == before
    more = type(listener)()
    study.run([*quick, "+factor.gain.levels.some=['model.gain=2.0']"], observer=more)
    assert {(r.levels["gain"], r.replicate >= TUNING_FROM) for r in more.records} == {("some", True), ("some", False)}
    first, second, third = read_choices(directory)
    assert {c.levels["gain"] for c in (first, second, third)} == {"none", "large", "some"}
    assert before[before.index(b'"choices"') :].strip(b"}] \n") in (directory.path / TUNED).read_bytes()


@pytest.mark.parametrize("ends", ["in the first rung", "in the second rung", "between tuning and trials"])
def test_a_study_that_was_interrupted_while_it_tuned_goes_on_where_it_was(two_rungs, here, listener, ends):
    """What a kill leaves is the same: a record is written whole before the observer has it."""
    whole = type(listener)()
    study.run([*two_rungs, "results_dir=whole"], observer=whole)

    class Ended(type(listener)):
        def on_start(self, planned, already):
            super().on_start(planned, already)
            if ends == "between tuning and trials" and not planned.is_tuning:
                raise KeyboardInterrupt

        def on_trial(self, record):
            super().on_trial(record)
            if len(self.records) == {"in the first rung": 5, "in the second rung": 18}.get(ends):
                raise KeyboardInterrupt

    first = Ended()
    with pytest.raises(KeyboardInterrupt):
        study.run(two_rungs, observer=first)
    again = type(listener)()
    study.run(two_rungs, observer=again)
    assert not {record.id for record in first.records} & {record.id for record in again.records}, "none twice"
    (one,), (other,) = (here / "whole").iterdir(), (here / "results").iterdir()
    for folder in ("trials", "tuning/trials"):
        assert {path.name for path in (one / folder).iterdir()} == {path.name for path in (other / folder).iterdir()}
    assert (one / TUNED).read_bytes() == (other / TUNED).read_bytes()


def test_what_was_chosen_is_made_again_where_its_file_is_damaged(quick, ablate, here):
    assert ablate("run", *quick).exit_code == 0
    path = directory_of(here).path / TUNED
    before = path.read_bytes()
    path.write_bytes(before.replace(b"0.02", b"0.03"))
    checked = ablate("verify", directory_of(here).path)
    assert checked.exit_code == 1
    assert f"{TUNED}: its checksum is of another content" in checked.stdout
    result = ablate("run", *quick)
    assert f"{TUNED} cannot be read" in result.stderr
    assert path.read_bytes() == before


def test_a_damaged_tuning_trial_is_found(quick, ablate, here):
    assert ablate("run", *quick).exit_code == 0
    record = next((directory_of(here).path / "tuning" / "trials").glob("*/record.json"))
    record.write_bytes(record.read_bytes()[:-9])
    checked = ablate("verify", directory_of(here).path)
    assert checked.exit_code == 1
    assert str(record.relative_to(here)) in checked.stdout


def test_an_arm_that_diverges_at_every_rate_is_said(quick, ablate):
    found = json.loads(ablate("run", *quick, "trainer.max_loss=0.001", "--format", "json").stdout)
    assert [point["tuned"] for point in found["points"]] == [{"optimizer.lr": 0.02}] * 2
    (said,) = [line for line in found["qualifiers"] if line.startswith("No tuning trial ended")]
    assert "gain=none; gain=large" in said


def test_tuning_trials_that_fail_end_the_command_and_are_trained_again(quick, ablate, write, here):
    check = "if len(x) == 25 and pathlib.Path('fail').exists():\n                raise RuntimeError('no')\n            "
    write("gained_net.py", NET.replace("import math", "import math\n    import pathlib").replace(
        "return self.gain", f"{check}return self.gain",
    ))  # fmt: skip
    write("fail", "")
    failed = ablate("run", *quick)
    assert failed.exit_code == 1
    said = " ".join(failed.stderr.split())
    assert "16 of 16 tuning trials failed, the first with: " in said
    assert "gained_net.py:22: RuntimeError: no. Its traceback is in " in said
    assert "traceback.txt. Nothing is chosen before each has a result: mend it, then run the same command again" in said
    assert not (directory_of(here).path / TUNED).exists()
    (here / "fail").unlink()
    assert ablate("run", *quick).exit_code == 0


def test_one_choice_for_all_arms(quick, ablate):
    words = [*quick[:-1], GRID.replace("]}", "], by: []}")]
    found = json.loads(ablate("run", *words, "--format", "json").stdout)
    assert found["tuning"]["trials"] == 8
    assert found["points"][0]["tuned"] == found["points"][1]["tuned"] != {}
    assert [line for line in found["qualifiers"] if line.startswith("Tuned: lr is chosen once for all arms")]


@pytest.mark.parametrize(
    ("tune", "says"),
    [
        ("{optimizer.lr: [0.1]}", "has one value: there is nothing to choose"),
        ("{optimizer.lr: [0.1, 0.10]}", "optimizer.lr=0.1 and optimizer.lr=0.1 are the same training"),
        ("{trainer.diagnostics: [true, false]}", "are the same training"),
        ("{model.gain: [1, 2]}", "'model.gain' is also a factor"),
        ("{optimizer.lr: [0.1, 0.2], metric: test/accuracy}", "study.tune.metric=val/accuracy"),
        ("{optimizer.lr: [0.1, 0.2], metric: {name: val/auc, better: higher}}", "Unknown response 'val/auc'"),
        ("{optimizer.rl: [0.1, 0.2]}", "Did you mean 'optimizer.lr'?"),
        ("{optimizer.lr: [0.1, -0.2]}", "study.tune: optimizer.lr=-0.2: optimizer: torch.optim.SGD failed"),
        ("{model.width: [8, 16]}", "study.tune: model.width=8: Design point gain=none: Unknown key 'model.width'"),
    ],
)
@pytest.mark.parametrize("command", ["plan", "run"])
def test_what_cannot_be_tuned_is_refused_before_anything_is_trained(command, tune, says, gained, refused):
    assert says in " ".join(refused(command, *gained, f"study.tune={tune}").split())


def test_another_tuning_is_another_study(quick, ablate, write, refused):
    tune = GRID.replace("study.tune=", "tune: ")
    write("conf/study/gained.yaml", STUDY.replace("response:", f"{tune}\n      response:"))
    words = quick[:-1]
    assert ablate("run", *words).exit_code == 0
    write("conf/study/gained.yaml", STUDY)
    said = " ".join(refused("run", *words).split())
    assert "is frozen with other settings: tune {'optimizer.lr': " in said


def test_code_that_has_changed_since_is_tuned_anew_where_trials_are_trained_anew(quick, ablate, write, here):
    def sources(directory):
        records = directory.contents().records.values()
        return Counter(record.provenance.source for record in records)

    assert ablate("run", *quick).exit_code == 0
    study, tuning = directory_of(here), tuning_directory(directory_of(here).path)
    (old,) = sources(tuning)
    write("gained_net.py", NET.replace("relu", "tanh"))
    sys.modules.pop("gained_net", None)
    kept = ablate("run", *quick, "replicates=3", "--stale", "keep")
    assert kept.exit_code == 0, kept.stderr
    assert set(sources(tuning)) == {old}, "what was chosen stays chosen"
    assert sources(study)[old] == 4
    again = ablate("run", *quick, "--stale", "rerun")
    assert again.exit_code == 0, again.stderr
    assert sources(tuning).total() - sources(tuning)[old] == 16
    assert "older code" not in ablate("show", study.path.name).stdout
