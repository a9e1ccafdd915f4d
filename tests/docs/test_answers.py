"""The page of answers says what the verdicts say, of the study that was trained; each study has its section."""

import re
import sys
from dataclasses import replace

import msgspec
import pytest

from ablate.config.catalog import Catalog
from ablate.config.load import load
from tests import REPOSITORY

PAGE = (REPOSITORY / "docs/answers.md").read_text(encoding="utf-8")
UNTRAINED = {"published/zagoruyko"}
"""Stated and not trained: it needs a GPU, and has no answer."""


@pytest.fixture(scope="module")
def generator():
    """The modules that write the page."""
    sys.path.insert(0, str(REPOSITORY / "docs/generate"))
    try:
        import answers
        import figures
        import studies

        yield {"answers": answers, "figures": figures, "studies": studies}
    finally:
        sys.path.pop(0)


@pytest.fixture(scope="module")
def shipped(generator):
    return {study.name: study for study in generator["studies"].studies(REPOSITORY)}


def section(study):
    whole = PAGE.partition("<!-- sections -->")[2].partition("<!-- end of sections -->")[0]
    return whole.partition(f"\n## {study.spec.question}\n")[2].partition("\n## ")[0]


def test_every_study_that_states_something_has_a_row_and_a_section(generator, shipped):
    assert {*shipped, "smoke"} == set(Catalog(REPOSITORY).names("study"))
    for name, study in shipped.items():
        assert PAGE.count(f"\n## {study.spec.question}\n") == 1, name
        assert f"| [{study.spec.question}](#{generator['answers'].slug(study.spec.question)}) |" in PAGE
        assert section(study).rstrip().endswith(f"**Command.** `ablate run {name}`")


def test_every_study_is_answered_but_those_that_are_not_trained(shipped):
    assert {name for name, study in shipped.items() if study.found is None} == UNTRAINED


def test_every_study_says_how_it_is_asked_why_it_is_fair_and_on_what_it_depends(shipped):
    for name, study in shipped.items():
        answer = study.spec.answer
        if name not in UNTRAINED:
            assert answer.asked, name
            assert answer.fair, name
            assert answer.depends, name
        for text in (answer.asked, answer.fair, answer.depends):
            assert text in section(study)


def test_an_answer_has_every_number_of_its_verdicts(generator, shipped):
    from ablate.report.text.finding import finding

    for study in shipped.values():
        said = section(study)
        for verdict in study.verdicts:
            found, numbers = finding(verdict, study.spec.response)
            assert numbers in said
            assert found[1:] in said
            assert f"*{verdict.heading}*" in said
        for exact in study.identities:
            assert exact.line in said
        assert ("](figures/" in said) == bool(study.verdicts)


def test_a_remark_on_a_verdict_stands_beside_the_answer(shipped):
    remarked = [(s, v) for s in shipped.values() for v in s.verdicts if v.remarks]
    assert remarked
    for study, verdict in remarked:
        for remark in verdict.remarks:
            skewed, _, outcome = remark.partition("Skewed: ")
            alone = f"the claim alone would be *{outcome.partition(' ')[0]}* by Hall's interval"
            assert (alone if not skewed else remark) in section(study)


def test_the_setting_says_on_what_a_choice_rests(shipped):
    assert "0.1, 0.3, on 2 seeds, for half of the budget at most." in section(shipped["core"])
    assert "0.1, 0.3, on 4 seeds, for the whole budget." in section(shipped["branch_nonlinearity"])


def test_figures_are_small_and_whole(shipped):
    folder = REPOSITORY / "docs/figures"
    assert {file.stem for file in folder.iterdir()} == {s.spec.name for s in shipped.values() if s.verdicts}
    for file in folder.iterdir():
        text = file.read_text(encoding="utf-8")
        assert len(text.encode()) < 30_000, file
        assert 'style="fill: #ffffff"' in text, "a background of its own, for dark pages"


def test_another_version_of_matplotlib_is_judged_by_the_numbers(generator):
    is_current = generator["figures"].is_current
    drawn = (REPOSITORY / "docs/figures/core.svg").read_text(encoding="utf-8")
    other = re.sub(r"Matplotlib v[\d.]+", "Matplotlib v1.0", drawn).replace('x="', 'x="1')
    assert is_current(drawn, drawn)
    assert is_current(other, drawn)
    assert not is_current(other.replace("; n = 5 replicates", "; n = 6 replicates", 1), drawn)
    assert not is_current(drawn.replace('x="', 'x="1'), drawn), "of the same version, every byte counts"


@pytest.fixture
def answered(generator):
    """A study, and an answer that is its own."""
    spec = load(["core"], REPOSITORY).spec
    kept = (REPOSITORY / "results/questions/verdicts.json").read_bytes()
    found = msgspec.json.decode(kept, type=list[generator["studies"].Answer])  # noqa: F821 – a key, no annotation
    (answer,) = (answer for answer in found if answer.study == "core")
    return spec, msgspec.structs.replace(answer, data="MNIST-1D", replicates=5, tuned=("optimizer.lr",))


def test_an_answer_of_other_claims_or_settings_is_none(generator, answered):
    spec, answer = answered
    is_of = generator["studies"].is_of
    assert is_of(answer, spec)
    assert not is_of(answer, replace(spec, data="scikit-learn's digits"))
    assert not is_of(answer, replace(spec, replicates=3))
    assert not is_of(answer, replace(spec, tune=None))
    assert not is_of(answer, replace(spec, claims=spec.claims[1:]))
    assert not is_of(answer, replace(spec, claims=(replace(spec.claims[0], margin=0.01), *spec.claims[1:])))
    assert not is_of(answer, replace(spec, response=replace(spec.response, name="test/loss")))
    reworded = replace(spec, question="?", claims=tuple(replace(claim, why="other words") for claim in spec.claims))
    assert is_of(answer, reworded)


def test_results_of_unknown_settings_are_untuned_if_they_have_no_means(generator, answered):
    spec, answer = answered
    is_of = generator["studies"].is_of
    silent = msgspec.structs.replace(answer, data=None, replicates=None, tuned=None)
    assert is_of(silent, spec), "it has means, and so may be tuned"
    old = msgspec.structs.replace(silent, verdicts=tuple(replace(v, mean_arm=None) for v in answer.verdicts))
    assert not is_of(old, spec)
    assert is_of(old, replace(spec, tune=None))


def test_a_study_that_has_changed_has_no_answer(generator, shipped):
    changed = replace(shipped["core"], found=None, is_changed=True)
    text = "\n".join(generator["answers"]._section(changed, REPOSITORY))
    assert "it has no answer yet" in text
    assert "figures/" not in text
    assert "points" not in text.partition("**Why the setting is fair.**")[0]
    assert generator["answers"].in_short(changed) == "not answered yet"


def test_a_short_verdict_says_where_it_holds(generator, shipped):
    study = shipped["core"]
    first, *_, last = study.verdicts
    at = {**first.claim.at, "hidden_activation": "softmax"}
    other = replace(first, claim=replace(first.claim, at=at))
    several = replace(study, found=msgspec.structs.replace(study.found, verdicts=(first, other, last)))
    short = generator["answers"].short
    assert ", `hidden_activation=relu`" in short(first, several)
    assert ", `hidden_activation=softmax`" in short(other, several)
    assert " at `output_activation=linear`, `hidden_activation=relu`: open" in short(last, several)


def test_the_readme_shows_five_of_them(shipped):
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    rows = readme.partition("<!-- answers -->")[2].partition("<!-- end of answers -->")[0].strip().splitlines()
    assert len(rows) == 2 + 5
    for row in rows[2:]:
        assert row.replace("docs/answers.md#", "#") in PAGE
