"""A study with lesions: what it keeps, what it says of trials without them, and what it refuses before any training."""

from textwrap import dedent

import pytest

from ablate import study
from ablate.errors import AblateError
from ablate.plan.lesions import KINDS
from ablate.study.outlook import examine

pytestmark = pytest.mark.numeric

STUDY = """
    # @package _global_
    defaults:
      - override /model: resnet
      - override /engine: inline
    replicates: 3
    study:
      name: parts
      question: What does each layer add?
      design: leave_one_out
      components: [stem_norm, hidden.layers.1]
      response: test/accuracy
    data: {limit: 60, val_size: 10, test_size: 20}
    model: {width: 4, depth: 4, stages: 2}
    trainer: {max_epochs: 1}
"""

RECURRENT = """
from torch import nn

class Net(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.lstm = nn.LSTM(8, 8, batch_first=True)
        self.spare = nn.Linear(8, 8)
        self.out = nn.Linear(8, outputs)

    def forward(self, x):
        x = self.lstm(x.flatten(0, -3))
        return self.out((x[0] if isinstance(x, tuple) else x).mean(1))
"""

WITH_A_FACTOR = """
    # @package _global_
    defaults:
      - override /model: recurrent
      - override /engine: inline
    replicates: 2
    study:
      name: parts
      question: What does it add?
      design: one_at_a_time
      factors: [part]
      lesion: true
      response: test/accuracy
    factor:
      part: {reference: in, levels: {in: {}, out: {model.edit: {identity: PART}}}}
    data: {limit: 60, val_size: 10, test_size: 20}
    trainer: {max_epochs: 1}
"""


@pytest.fixture
def parts(here):
    (here / "conf/study").mkdir(parents=True)
    (here / "conf/study/parts.yaml").write_text(dedent(STUDY))

    def run(listener, *words):
        return study.run(["parts", *words], observer=listener, cwd=here)

    return run


def test_all_lesions_are_made_of_one_training_in_a_replicate(parts, listener, here):
    summary, directory = parts(listener, "study.lesion=true")
    assert len(listener.records) == 3 * 3
    lesioned = [r for r in listener.records if r.lesions]
    assert [dict(r.levels) for r in lesioned] == [{"stem_norm": "in", "hidden.layers.1": "in"}] * 3
    wanted = [({arm: "out"}, kind) for arm in ("stem_norm", "hidden.layers.1") for kind in KINDS]
    assert [(dict(each.levels), each.kind) for each in summary.lesions] == wanted
    assert all(each.paired.n == each.retrained.n == each.recovered.n == 3 for each in summary.lesions)
    assert study.summarise(directory)[0] == summary
    (note,) = [note for note in examine(study.plan(["parts", "study.lesion=true"], cwd=here)).notes if "lesion" in note]
    assert "evaluates each trained full network 8 times more: for stem_norm=out, hidden.layers.1=out, each by" in note


def test_trials_that_are_there_without_lesions_are_kept_and_said_to_lack_them(parts, listener, here):
    parts(listener)
    trained = len(listener.records)
    summary, _ = parts(listener, "study.lesion=true")
    assert len(listener.records) == trained
    assert summary.lesions == ()
    said = "3 of 3 full networks that are there were trained without some lesions that study.lesion asks for"
    assert any(said in remark for remark in listener.remarks)
    assert study.plan(["parts"], cwd=here).spec.lesion  # the study asks for them from now on
    listener.remarks.clear()
    summary, _ = parts(listener, "replicates=4")
    assert {each.paired.n for each in summary.lesions} == {1}
    assert {each.paired.dropped for each in summary.lesions} == {3}
    assert any("3 of 3 full networks" in remark for remark in listener.remarks)


@pytest.mark.parametrize(
    ("part", "reason"),
    [("lstm", "lstm, which part=out leaves out, does not give a tensor alone"), ("spare", "spare, .*, is not called")],
)
def test_a_module_whose_output_cannot_be_replaced_is_refused_before_any_training(here, listener, part, reason):
    (here / "recurrent.py").write_text(RECURRENT)
    for group in ("study", "model"):
        (here / "conf" / group).mkdir(parents=True)
    (here / "conf/model/recurrent.yaml").write_text("_target_: recurrent.Net\ninputs: [8, 8]\noutputs: 10\n")
    (here / "conf/study/parts.yaml").write_text(dedent(WITH_A_FACTOR).replace("PART", part))
    with pytest.raises(AblateError, match=f"study.lesion: {reason}"):
        study.run(["parts"], observer=listener, cwd=here)
    assert listener.records == []


def test_a_component_that_does_not_exist_is_refused_with_the_nearest(parts, listener):
    with pytest.raises(AblateError, match=r"'hidden\.layer\.1' selects nothing .* Nearest: hidden\.layers"):
        parts(listener, "study.lesion=true", "study.components=hidden.layer.1")
