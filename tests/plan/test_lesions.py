"""Which arms of a study are lesions of its full network."""

from dataclasses import replace
from textwrap import dedent

import pytest

from ablate import study
from ablate.errors import ConfigError
from ablate.plan.lesions import lesions_of

STUDY = """
    # @package _global_
    defaults:
      - override /model: resnet
      - override /engine: inline
    replicates: 2
    study:
      name: parts
      question: What does each layer add?
      design: factorial
      factors: [norm, last, activation]
      lesion: true
      response: test/accuracy
    factor:
      norm: {reference: in, levels: {in: [], out: ['model.edit={identity: stem_norm}']}}
      last:
        reference: in
        levels: {in: [], out: ['model.edit={remove: hidden.layers.1}'], wide: [model.width=8]}
      activation: {reference: relu, levels: {relu: [], gelu: {model.edit: {replace: {ReLU: GELU}}}}}
    data: {limit: 60, val_size: 10, test_size: 20}
    model: {width: 4, depth: 2, stages: 1, skip_span: 0}
    trainer: {max_epochs: 1}
"""


@pytest.fixture
def planned(here):
    def plan(*words, text=STUDY):
        (here / "conf/study").mkdir(parents=True, exist_ok=True)
        (here / "conf/study/parts.yaml").write_text(dedent(text))
        return study.plan(["parts", *words], cwd=here)

    return plan


def test_arms_that_leave_modules_out_and_do_no_more_are_lesions_of_the_full_network(planned):
    found = planned().lesions
    assert found.levels == {"norm": "in", "last": "in", "activation": "relu"}
    assert found.arms == {
        "last=out": ("hidden.layers.1",),
        "norm=out": ("stem_norm",),
        "norm=out, last=out": ("stem_norm", "hidden.layers.1"),
    }
    assert found.response == "test/accuracy"


def test_edits_of_the_full_network_itself_are_no_lesions(planned):
    """They come before, or between, those of the arms."""
    found = planned("factor.activation.reference=gelu").lesions
    assert found.levels["activation"] == "gelu"
    assert set(found.arms) == {"last=out", "norm=out", "norm=out, last=out"}


def test_leave_one_out_lesions_the_network_that_has_all_components(planned):
    text = STUDY.replace("factors: [norm, last, activation]", "components: [stem_norm, hidden.layers.1]")
    text = text.replace("factorial", "leave_one_out")
    found = planned(text=text).lesions
    assert found.levels == {"stem_norm": "in", "hidden.layers.1": "in"}
    assert found.arms == {"stem_norm=out": ("stem_norm",), "hidden.layers.1=out": ("hidden.layers.1",)}


def test_lesions_change_no_trial_and_no_directory(planned):
    asked, without = planned(), planned("study.lesion=false")
    assert [t.id for t in asked.trials] == [t.id for t in without.trials]
    assert asked.directory == without.directory
    assert without.lesions is None


def test_tuned_settings_of_the_arms_and_the_order_of_the_points_do_not_matter(planned):
    plan = planned()
    spec, points, configs = plan.spec, plan.layout.points, plan.configs
    tuned = [c.with_settings("optimizer", lr=0.1 * (n + 1)) for n, c in enumerate(configs)]
    found = lesions_of(spec, points[::-1], tuned[::-1])
    assert dict(found.arms) == dict(plan.lesions.arms)
    assert lesions_of(replace(spec, lesion=False), points, configs) is None


@pytest.mark.parametrize("factors", ["[activation]", "[{last: [in, wide]}]", "[{model.width: [4, 8]}]"])
def test_a_study_of_which_no_arm_leaves_a_module_out_is_refused_with_what_to_add(planned, factors):
    with pytest.raises(ConfigError, match=r"study\.lesion finds no arm .* Add study\.components=layer\*\.\*, or"):
        planned(f"study.factors={factors}")


@pytest.mark.parametrize("response", ["val/accuracy", "end/dead_units"])
def test_a_response_of_no_test_split_is_refused(planned, response):
    with pytest.raises(ConfigError, match=rf"on their test split, and study\.response is {response}"):
        planned(f"study.response={{name: {response}, better: lower}}")


def test_a_key_that_is_no_truth_value_is_refused(planned):
    with pytest.raises(ConfigError, match=r"study\.lesion: expected `bool`, got `str`"):
        planned("study.lesion=zero")
