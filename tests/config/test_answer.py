"""What stands beside a study's answer: prose, which is typed and changes nothing else."""

import pytest

from ablate.config.load import load
from ablate.config.spec import AnswerText
from ablate.errors import ConfigError
from ablate.store.frozen import extend
from ablate.store.frozen import stated as frozen_claims


def test_it_is_read_onto_one_line_and_what_is_left_out_is_empty(here):
    spec = load(["smoke", "study.answer={asked: 'Is  it?', depends: ' On  the norm. '}"], here).spec
    assert spec.answer == AnswerText(asked="Is it?", depends="On the norm.")
    assert spec.answer
    assert not load(["smoke"], here).spec.answer


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("{asked: ' '}", "study.answer.asked is empty. Say it in a sentence or two, or leave it out."),
        ("{fare: 'Yes.'}", "Did you mean 'study.answer.fair'?"),
        ("{fair: 3}", "study.answer.fair: expected `str | null`, got `int`."),
        ("fair", "study.answer: expected `object`, got `str`."),
    ],
)
def test_what_is_no_such_text_is_refused(here, answer, says):
    with pytest.raises(ConfigError) as error:
        load(["smoke", f"study.answer={answer}"], here)
    assert says in str(error.value)


def test_it_changes_no_directory_no_trial_and_no_claim(here):
    plain, said = load(["core"], here), load(["core", "study.answer={fair: Other words.}"], here)
    assert said.spec.directory == plain.spec.directory
    levels = {name: factor.reference for name, factor in zip(plain.spec.names, plain.spec.factors, strict=True)}
    assert said.resolve(levels, ()).identity == plain.resolve(levels, ()).identity
    assert frozen_claims(said.spec) == frozen_claims(plain.spec)


def test_a_study_that_has_run_takes_new_words(here):
    before, now = (load(["smoke", f"study.answer={{fair: {word}.}}"], here).spec for word in ("Once", "Twice"))
    joint, added, _ = extend(before, now, trials=4)
    assert joint.answer.fair == "Twice."
    assert added == ("the texts beside its answer as they are now",)
    assert extend(now, now, trials=4)[1] == ()
