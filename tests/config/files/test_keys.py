"""Keys that YAML takes for one another are refused before one of them hides the other."""

import pytest

from ablate.config.files.keys import check_keys
from ablate.config.load import load
from ablate.errors import AblateError, ConfigError
from ablate.study import plan

FACTOR = """
sw:
  reference: {reference}
  levels:
    {one}: []
    {other}: ["model.width=4"]
    more: ["model.width=8"]
"""
WORDS = ["study.factors=[sw]", "study.claims=[]"]


@pytest.fixture
def factor(here):
    def write(one: str, other: str, reference: str = "more") -> None:
        path = here / "conf/factor/sw.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(FACTOR.format(one=one, other=other, reference=reference))

    return write


@pytest.mark.parametrize(
    ("one", "other"),
    [("off", "0"), ("on", "1"), ("on", "yes"), ("1", "1.0"), ("1e-3", "0.001"), ("off", "'False'"), ("'1.0'", "1e0")],
)
def test_two_spellings_of_one_key_are_refused(one, other, factor, here):
    factor(one, other)
    with pytest.raises(ConfigError) as refused:
        load(WORDS, here)
    said = str(refused.value)
    assert f"sw.yaml, line 6: the keys {one} and {other} of sw.levels are the same to YAML" in said
    assert "quote them" in said


def test_a_key_given_twice_is_refused(factor, here):
    factor("a", "a")
    with pytest.raises(ConfigError, match=r"sw\.yaml, line 6: the keys a and a of sw\.levels"):
        load(WORDS, here)


@pytest.mark.parametrize(("one", "other"), [("'off'", "'0'"), ("'on'", "1"), ("'1e-3'", "0.001"), ("on", "off")])
def test_words_that_differ_are_two_levels(one, other, factor, here):
    factor(one, other)
    assert len(load(WORDS, here).spec.factors[0].levels) == 3


def test_a_key_that_is_null_is_named(factor, here):
    factor("null", "a")
    with pytest.raises(ConfigError, match=r"line 5: YAML reads the key null of sw\.levels as no name.* 'null'"):
        load(WORDS, here)
    path = here / "conf/model/mine.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("_target_: a.b\nnull: 3\n")
    with pytest.raises(ConfigError, match=r"does not compose: .*NoneType.* quote"):
        load(["smoke", "model=mine"], here)


def test_keys_of_a_study_are_checked_too(here):
    path = here / "conf/study/mine.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("study:\n  name: a\n  claims:\n    - {contrast: {on: 1, 'True': 2}}\n")
    with pytest.raises(ConfigError, match=r"line 4: the keys on and 'True' of study\.claims\[0\]\.contrast"):
        load(["mine"], here)


def test_what_is_no_yaml_is_left_to_composing(here):
    (here / "a.yaml").write_text("a: [")
    check_keys(here / "a.yaml")


@pytest.mark.parametrize(
    ("words", "reference"),
    [
        (["study.claims=[{contrast: {sw: ['on', more]}, expect: greater, margin: 0.1}]"], "more"),
        (["study.exclude=[{sw: 'on'}]"], "more"),
        (["study.factors=[{sw: ['on', more]}]"], "more"),
        ([], "'on'"),
    ],
)
def test_an_unknown_level_beside_true_and_false_hints_at_yaml(words, reference, factor, here):
    factor("on", "off", reference)
    given = [word for word in WORDS if not any(w.startswith(word.partition("=")[0]) for w in words)]
    with pytest.raises(AblateError, match="YAML reads on and off as true and false: quote them"):
        plan([*given, *words], cwd=here)
