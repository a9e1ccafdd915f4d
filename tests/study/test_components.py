"""Modules of a baseline that are left out one by one: which, in which design, and what is said of the others."""

from textwrap import dedent

import pytest

from ablate import study
from ablate.errors import AblateError

STUDY = """
    # @package _global_
    defaults:
      - override /model: resnet
      - override /engine: inline
    replicates: 2
    study:
      name: parts
      question: What does each layer add?
      design: leave_one_out
      components: hidden.layers.*
      response: test/accuracy
    data: {limit: 60, val_size: 10, test_size: 20}
    model: {width: 4, depth: 6, skip_span: 0}
    trainer: {max_epochs: 1}
"""
KEPT = [f"hidden.layers.{n}" for n in (0, 1, 3, 5)]
"""A first layer of a stage, 2 and 4, has another stride and width."""


@pytest.fixture
def parts(here):
    def planned(*words, text=STUDY):
        (here / "conf/study").mkdir(parents=True, exist_ok=True)
        (here / "conf/study/parts.yaml").write_text(dedent(text))
        return study.plan(["parts", *words], cwd=here)

    return planned


def edits(planned):
    return [tuple(str(edit) for edit in config.model.edits) for config in planned.configs]


def test_leave_one_out_has_the_whole_network_and_one_without_each(parts):
    planned = parts()
    assert planned.spec.names == tuple(KEPT)
    assert edits(planned) == [(), *((f"identity {path}",) for path in KEPT)]
    assert [dict(p.levels) for p in planned.layout.points[:2]] == [
        dict.fromkeys(KEPT, "in"), {**dict.fromkeys(KEPT, "in"), KEPT[0]: "out"},
    ]  # fmt: skip
    (note,) = [note for note in planned.notes if "components" in note]
    assert "hidden.layers.2 (it turns 1×4×8×8 into 1×8×4×4); hidden.layers.4 (it turns 1×8×4×4 into 1×16×2×2)." in note


def test_one_at_a_time_has_the_same_points_with_the_whole_network_as_baseline(parts):
    planned = parts("study.design=one_at_a_time")
    assert edits(planned) == [(), *((f"identity {path}",) for path in KEPT)]
    assert all(factor.reference == "in" for factor in planned.spec.factors)


def test_its_trials_without_a_part_left_out_are_those_of_the_plain_study(parts):
    whole = parts().trials[0]
    text = STUDY.replace("components: hidden.layers.*", "factors: [{model.width: [4, 8]}]").replace(
        "leave_one_out", "factorial"
    )
    assert parts(text=text).trials[0].id == whole.id


def test_a_study_of_components_runs_and_is_read_again_without_a_network(parts, listener, here, monkeypatch):
    words = ["parts", "study.components=[hidden.layers.1,stem_norm]"]
    parts(*words[1:])
    summary, directory = study.run(words, observer=listener, cwd=here)
    assert len(listener.records) == 3 * 2
    assert [c.name for c in summary.contrasts] == ["stem_norm: in vs out", "hidden.layers.1: in vs out"]
    from ablate.execute import tasks

    monkeypatch.setattr(tasks, "components", None)
    assert study.summarise(directory)[0] == summary
    assert study.review_saved(directory).study


def test_beside_factors_of_its_own_it_is_crossed(parts):
    text = STUDY.replace("design: leave_one_out", "design: factorial\n      factors: [{model.width: [4, 8]}]")
    planned = parts("study.components=[hidden.layers.1]", text=text)
    assert planned.spec.names == ("model.width", "hidden.layers.1")
    assert len(planned.layout.points) == 4


def test_what_it_claims_is_of_a_module(parts):
    claim = "{contrast: {hidden.layers.1: [in, out]}, expect: greater, margin: 0.01}"
    planned = parts(f"study.claims=[{claim}]", "replicates=5")
    assert planned.spec.claims[0].subject == "hidden.layers.1"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["study.components=hidden.layers.2"], r"hidden.layers.2 cannot be left out: it turns 1×4×8×8 into 1×8×4×4"),
        (["study.components=hidden.layer.*"], r"'hidden.layer.\*' selects nothing.*Nearest: hidden.layers"),
        (["study.components=[stem,head.*]"], r"stem cannot be left out: it turns 1×1×8×8 into 1×4×8×8"),
        (["study.components=head.*"], r"none of what is selected can be left out. head.pool: it turns"),
        (["study.components=[hidden.layers]"], r"hidden.layers cannot be left out: its forward is not called"),
        (["model=mlp", "study.components=[hidden,hidden.layers.0]"], r"hidden.layers.0 is within hidden: leaving"),
        (["study.design=leave_on_out"], r"Did you mean 'leave_one_out'"),
        (["study.components=3"], r"study.components: expected `str \| array`, got `int`"),
    ],
)  # fmt: skip
def test_what_cannot_be_left_out_is_refused(parts, words, said):
    with pytest.raises(AblateError, match=said):
        parts(*words)
