"""Studies that state identities: what they need to say, and what would be ignored."""

import pytest

from ablate.config.load import load
from ablate.errors import ConfigError, DesignError
from ablate.study import plan

EXACT = """# @package _global_
study:
  name: exact
  question: Is it so?
  identities:
    - {_target_: mine.so, width: "${model.width}"}
"""


@pytest.fixture
def exact(here):
    (here / "conf/study").mkdir(parents=True)
    (here / "conf/study/exact.yaml").write_text(EXACT)
    return here


def test_a_study_of_identities_alone_needs_neither_design_nor_response(exact):
    planned = plan(["exact"], cwd=exact)
    assert planned.spec.identities == ({"_target_": "mine.so", "width": 16},)
    assert (planned.spec.factors, planned.layout.points, planned.trials) == ((), (), ())
    assert planned.spec.design == "one_at_a_time", "as its study.yaml has always named it"


def test_settings_that_an_identity_takes_reach_it(exact):
    spec = load(["exact", "model.width=7"], exact).spec
    assert spec.identities == ({"_target_": "mine.so", "width": 7},)
    assert spec.directory == "exact@model.width=7"


@pytest.mark.parametrize("word", ["model.depth=2", "trainer.max_epochs=3", "data=moons"])
def test_settings_of_a_training_that_there_is_not_are_refused(word, exact):
    with pytest.raises(ConfigError, match="would be ignored: this study has no factors"):
        load(["exact", word], exact)


@pytest.mark.parametrize("word", ["replicates=9", "engine=inline", "results_dir=elsewhere", "seed=3"])
def test_words_that_fit_any_study_fit_it_too(word, exact):
    assert load(["exact", word], exact).spec.identities


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["exact", "model.width=8,16"], "study.response is missing"),
        (["exact", "study.identities=[]"], "states nothing and varies nothing"),
        (["exact", "study.identities=mine.so"], "study.identities: expected `array`"),
    ],
)
def test_what_is_missing_is_named(words, says, exact):
    with pytest.raises(ConfigError, match=says):
        load(words, exact)


def test_a_sweep_needs_a_design(exact):
    with pytest.raises(DesignError, match=r"study\.design is missing"):
        plan(["exact", "model.width=8,16", "+study.response=test/accuracy"], cwd=exact)


def test_a_study_of_neither_factors_nor_identities_varies_nothing(exact):
    with pytest.raises(DesignError, match="The study varies nothing: it has no factor"):
        plan(["smoke", "study.factors=[]"], cwd=exact)


def test_a_claim_needs_a_factor(exact):
    claim = "study.claims=[{contrast: {width: [a, b]}, expect: less, margin: 1}]"
    with pytest.raises(DesignError, match="In a claim: Unknown factor 'width'"):
        plan(["exact", claim], cwd=exact)


def test_a_study_of_both_has_both(here):
    planned = plan(["branch_nonlinearity", "model.width=6"], cwd=here)
    assert len(planned.trials) == 3 * planned.spec.replicates
    (node,) = planned.spec.identities
    assert {k: node[k] for k in ("inputs", "width", "depth", "skip_span")} == {
        "inputs": [2], "width": 6, "depth": 4, "skip_span": 2,
    }  # fmt: skip
