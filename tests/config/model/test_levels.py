"""Levels that edit: written as mappings, and added up over factors and the command line."""

import pytest
import yaml

from ablate.config.load import load
from ablate.config.request import parse_override
from ablate.config.spec import hydra_text
from ablate.design import lay_out
from ablate.errors import ConfigError

STUDY = {
    "defaults": [{"override /model": "mlp"}],
    "study": {
        "name": "surgery", "question": "Do they?", "design": "factorial", "factors": ["activation", "norm"],
        "response": "test/accuracy",
    },
    "factor": {
        "activation": {
            "reference": "relu",
            "levels": {"relu": {}, "gelu": {"model.edit": {"replace": {"ReLU": "GELU"}}}},
        },
        "norm": {
            "reference": "batch",
            "levels": {"batch": [], "none": [{"model.edit": [{"identity": "*norm*"}]}, "optimizer.lr=0.1"]},
        },
    },
    "model": {"norm": "batch", "depth": 2},
}  # fmt: skip


@pytest.fixture
def study(here, request):
    (here / "conf/study").mkdir(parents=True)
    changed = getattr(request, "param", {})
    text = yaml.safe_dump({**STUDY, **changed}, sort_keys=False)
    (here / "conf/study/surgery.yaml").write_text(f"# @package _global_\n{text}")
    return lambda *words: load(["surgery", *words], here)


def edits(loaded):
    """Design point → the edits of its configuration."""
    points = lay_out(loaded.spec).points
    found = {str(p): loaded.resolve(p.levels, p.overrides(loaded.spec.factors)).model.edits for p in points}
    return {point: "; ".join(map(str, of)) for point, of in found.items()}


GELU, NORMS = "replace ReLU by torch.nn.GELU", "identity *norm*"


def test_the_edits_of_factors_add_up_in_the_order_of_the_factors(study):
    assert edits(study()) == {
        "activation=relu, norm=batch": "",
        "activation=relu, norm=none": NORMS,
        "activation=gelu, norm=batch": GELU,
        "activation=gelu, norm=none": f"{GELU}; {NORMS}",
    }


@pytest.mark.parametrize("word", ["model.edit={freeze: stem}", "+model.edit=[{freeze: stem}]"])
def test_those_of_the_command_line_come_before_them(study, word):
    found = edits(study(word))
    assert found["activation=relu, norm=batch"] == "freeze stem"
    assert found["activation=gelu, norm=none"] == f"freeze stem; {GELU}; {NORMS}"


@pytest.mark.parametrize("study", [{"model": {"norm": "batch", "edit": {"reinit": "head"}}}], indirect=True)
def test_and_those_of_the_study_first(study):
    assert (
        edits(study("model.edit={freeze: stem}"))["activation=gelu, norm=batch"] == f"reinit head; freeze stem; {GELU}"
    )


def test_a_sweep_of_edits_is_a_factor(study):
    loaded = study(
        "study.factors=[]", "model.edit=[],{replace: {ReLU: GELU}},{freeze: stem}", "study.design=one_at_a_time"
    )
    assert list(edits(loaded).values()) == ["", GELU, "freeze stem"]


def test_a_reference_without_edits_is_the_trial_that_it_was(study):
    plain = study("study.factors=[]").resolve({}, ())
    edited = study().resolve({"activation": "relu", "norm": "batch"}, ())
    null = study("study.factors=[]", "model.edit=null").resolve({}, ())
    assert plain.identity == edited.identity == null.identity
    assert "edit" not in plain.identity["model"]


def test_a_mapping_beside_overrides_sets_its_keys(study):
    assert (
        study()
        .resolve({"activation": "relu", "norm": "none"}, study().spec.factor("norm").levels["none"])
        .optimizer["lr"]
        == 0.1
    )


def test_what_is_no_edit_is_refused_when_the_point_is_resolved(study):
    with pytest.raises(ConfigError, match=r"'model.edit\[0\].swap'. .*Valid: .*replace"):
        study("model.edit={swap: a}").resolve({}, ())
    with pytest.raises(ConfigError, match=r"Unknown key 'model.edits'. Did you mean 'model.edit'\?"):
        study("model.edits={freeze: a}").resolve({}, ("model.edits={freeze: a}",))


@pytest.mark.parametrize(
    "value",
    [
        {
            "replace": {
                "layer*.*": {"_target_": "a.B", "n": 8, "c": "@num_features", "on": True, "eps": 1e-5, "p": None}
            }
        },
        [{"identity": "layer[12].?"}, {"freeze": ["a b", "it's"]}],
        {"replace": {"layer[12].?": "GELU", "a=b,c:d (e)": "GELU"}},
        {"wrap": {"path": "1.10", "with": {"_target_": "a.B", "shape": [1, 2.5], "text": "${data.outputs}"}}},
        [],
        {},
    ],
)
def test_a_value_is_the_same_after_the_grammar_of_hydra(value):
    assert parse_override(f"model.edit={hydra_text(value)}").value() == value
