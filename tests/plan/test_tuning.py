"""Tuning trials: their ids, streams and budgets, and which candidate is chosen."""

import pytest

from ablate.design.point import DesignPoint, cell
from ablate.design.tuning import tuning_of
from ablate.errors import ConfigError
from ablate.limits import MAX_TRIALS
from ablate.plan import streams, trials
from ablate.plan.seeds import TUNING_FROM, replicate_name
from ablate.plan.tuning import Arm, check_distinct, ranked, tuning_trials

POINT = DesignPoint(levels={"width": "16", "activation": "relu"})


@pytest.fixture
def tuning(spec):
    from dataclasses import replace

    return tuning_of(replace(spec, tune={"optimizer.lr": [0.1, 0.2, 0.3]}))


@pytest.fixture
def arm(config):
    configs = tuple(config.with_settings("optimizer", lr=rate) for rate in (0.1, 0.2, 0.3))
    return Arm(levels=cell(POINT.levels), point=POINT, configs=configs)


def test_tuning_trials_have_ids_and_streams_that_no_replicate_has(spec, tuning, arm):
    made = tuning_trials(spec, tuning, arm, 1, [2, 0])
    assert {candidate: len(each) for candidate, each in made.items()} == {2: 2, 0: 2}
    every = [trial for each in made.values() for trial in each]
    assert len({trial.id for trial in every}) == 4
    assert {trial.replicate for trial in every} == {TUNING_FROM, TUNING_FROM + 1}
    assert MAX_TRIALS < TUNING_FROM, "a study has fewer replicates"
    assert made[2][0].streams == made[0][0].streams != made[2][1].streams, "candidates share the streams of a seed"
    points = [POINT, DesignPoint(levels={"width": "32", "activation": "relu"})]
    planned = trials(spec, points, [arm.configs[0], arm.configs[1]])
    assert not {t.id for t in every} & {t.id for t in planned}
    assert not {t.streams for t in every} & {streams(spec.seed, replicate) for replicate in range(200)}


def test_a_rung_is_a_share_of_the_budget_and_nothing_is_tested(spec, tuning, arm):
    first, second = (tuning_trials(spec, tuning, arm, rung, [1])[1][0] for rung in (0, 1))
    epochs = [t.config.trainer["max_epochs"] for t in (first, second)]
    assert epochs == [1, 2], "of 5 epochs, a quarter and a half, rounded"
    assert not first.is_tested
    assert first.config.trainer["diagnostics"] is False
    assert first.config.optimizer["lr"] == 0.2


def test_a_budget_of_steps_is_cut_as_one_of_epochs_is(spec, tuning, arm):
    configs = tuple(config.with_settings("trainer", max_epochs=None, max_steps=1000) for config in arm.configs)
    (trial, _) = tuning_trials(spec, tuning, Arm(levels=arm.levels, point=POINT, configs=configs), 0, [1])[1]
    assert (trial.config.trainer["max_epochs"], trial.config.trainer["max_steps"]) == (None, 250)


def test_two_candidates_that_are_one_training_are_refused(tuning, arm):
    check_distinct(arm, tuning)
    same = Arm(levels=arm.levels, point=POINT, configs=(arm.configs[0], arm.configs[1], arm.configs[0]))
    with pytest.raises(ConfigError, match=r"optimizer.lr=0.1 and optimizer.lr=0.3 are the same training \(at width=16"):
        check_distinct(same, tuning)


def test_the_best_mean_is_chosen_and_of_equal_ones_the_first():
    scores = {0: (0.1, 0.2), 1: (0.3, 0.1), 2: (0.2, 0.2), 3: (0.0, 0.0)}
    assert ranked(scores, "higher") == (1, 2, 0, 3)
    assert ranked(scores, "lower") == (3, 0, 1, 2)


def test_a_candidate_that_diverged_on_a_seed_comes_after_those_that_never_did():
    scores = {0: (None, None), 1: (0.99, None), 2: (0.1, 0.1), 3: (None, 0.5)}
    assert ranked(scores, "higher") == (2, 1, 3, 0)
    assert ranked(scores, "lower") == (2, 3, 1, 0)
    assert ranked({0: (None,), 1: (None,)}, "higher") == (0, 1)


def test_a_tuning_seed_has_a_name():
    assert [replicate_name(n) for n in (3, TUNING_FROM + 1)] == ["replicate 3", "tuning seed 1"]
