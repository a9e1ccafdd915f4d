"""`quick=true` and `--quick`: a study's design points, and nothing of its answer."""

import pytest

from ablate.config.load import load
from ablate.errors import ConfigError


def test_a_quick_check_has_the_studys_design_points_and_neither_claims_nor_looks_nor_tuning(here):
    whole, quick = load(["skip_span"], here).spec, load(["skip_span", "quick=true"], here).spec
    assert whole.claims
    assert whole.tune
    assert (quick.claims, quick.looks, quick.tune, quick.replicates) == ((), None, None, 2)
    assert quick.factors == whole.factors
    assert quick.seed == whole.seed + 1
    assert (whole.directory, quick.directory) == ("skip_span", "skip_span@quick=true")


@pytest.mark.parametrize(
    ("words", "overrides", "budget"),
    [
        (["smoke"], [], (1, None)),
        (["smoke"], ["trainer.max_epochs=24"], (3, None)),  # a level's own
        (["smoke", "trainer.max_epochs=25"], [], (25, None)),
        (["smoke"], ["trainer.max_epochs=null", "trainer.max_steps=95"], (None, 10)),
    ],
)
def test_it_trains_for_a_tenth_rounded_up_of_what_nobody_has_set(here, words, overrides, budget):
    study = load([*words, "quick=true"], here)
    settings = study.resolve({}, overrides).trainer.settings
    assert (settings.max_epochs, settings.max_steps) == budget


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["trainer.max_epochs=ten"], "trainer.max_epochs: expected `int | null`, got `str`"),
        (["trainer.max_epochs=inf"], "trainer.max_epochs: expected `int | null`, got `float`"),
        (["trainer.max_epochs=0"], "trainer.max_epochs=0 trains nothing"),
        (["~trainer"], "trainer: object missing required field"),
    ],
)
def test_a_budget_that_is_none_is_refused_as_without_it(here, overrides, said):
    with pytest.raises(ConfigError) as refused:
        load(["smoke", "quick=true"], here).resolve({}, overrides)
    assert said in str(refused.value)


def test_what_the_request_sets_stays(here):
    spec = load(["skip_span", "quick=true", "replicates=4", "seed=9"], here).spec
    assert (spec.replicates, spec.seed) == (4, 9)
    assert load(["smoke", "quick=true", "replicates=1"], here).spec.replicates == 1


def test_a_study_that_is_not_quick_is_as_it_was(here):
    assert load(["skip_span", "quick=false"], here).spec.claims == load(["skip_span"], here).spec.claims


def test_it_cannot_be_swept(here):
    with pytest.raises(ConfigError, match="'quick' cannot be swept"):
        load(["smoke", "quick=false,true"], here)
