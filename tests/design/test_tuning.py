"""What `study.tune` asks for: candidates, rungs, arms, and what of it is refused, each with what to write instead."""

import math
from itertools import pairwise

import pytest

from ablate.config.spec import Capacity, Factor, Response
from ablate.design import lay_out
from ablate.design.tuning import overrides, tuning_of
from ablate.errors import ConfigError

RATES = [0.001, 0.003, 0.01, 0.03]
RANGE = {"low": 1e-4, "high": 0.1, "scale": "log"}


@pytest.fixture
def tuned(make_factors, make_spec):
    """What a study of two factors of two and three levels tunes."""

    def make(tune, **changed):
        return tuning_of(make_spec(make_factors([2, 3]), tune=tune, **changed))

    return make


def test_without_tune_nothing_is_tuned(tuned):
    assert tuned(None) is None


def test_settings_are_chosen_on_the_whole_budget_where_updates_are_counted(tuned):
    tuning = tuned({"optimizer.lr": RATES, "metric": "val/updates_to_accuracy"})
    assert (tuning.better, tuning.rungs) == ("lower", (1.0,))


def test_a_grid_is_every_combination_on_two_seeds_and_two_rungs(tuned):
    tuning = tuned({"optimizer.lr": RATES, "optimizer.momentum": [0.0, 0.9]})
    assert len(tuning.candidates) == 8
    assert tuning.candidates[:3] == (
        {"optimizer.lr": 0.001, "optimizer.momentum": 0.0},
        {"optimizer.lr": 0.001, "optimizer.momentum": 0.9},
        {"optimizer.lr": 0.003, "optimizer.momentum": 0.0},
    )
    assert (tuning.metric, tuning.better, tuning.seeds, tuning.rungs) == ("val/accuracy", "higher", 2, (0.25, 0.5))
    assert (tuning.sizes, tuning.trials_per_arm) == ((8, 4), 24)


def test_each_rung_has_half_of_the_candidates_before_it(tuned):
    tuning = tuned({"optimizer.lr": [1, 2, 3, 4, 5], "rungs": [0.1, 0.3, 0.5, 1], "seeds": 3})
    assert (tuning.sizes, tuning.trials_per_arm) == ((5, 3, 2, 1), 33)
    assert tuned({"optimizer.lr": RATES, "rungs": [1]}).sizes == (4,)
    assert tuned({"optimizer.lr": RATES, "rungs": None}).rungs == (0.25, 0.5), "the default"


def test_a_tuned_budget_is_not_cut(tuned):
    assert tuned({"trainer.max_epochs": [5, 10]}).rungs == (1.0,)
    with pytest.raises(ConfigError, match="where the budget is tuned itself"):
        tuned({"trainer.max_epochs": [5, 10], "rungs": [0.5, 1]})


def test_every_design_point_is_an_arm_or_every_level_of_the_named_factors(tuned, make_factors, make_spec):
    points = lay_out(make_spec(make_factors([2, 3]))).points
    assert [dict(arm) for arm in tuned({"optimizer.lr": RATES}).arms(points)] == [dict(p.levels) for p in points]
    by_b = tuned({"optimizer.lr": RATES, "by": ["b"]})
    assert {tuple(dict(arm).items()): dict(point.levels) for arm, point in by_b.arms(points).items()} == {
        (("b", f"b{n}"),): {"a": "a0", "b": f"b{n}"} for n in range(3)
    }, "each is tried with the other factor at its reference level"
    assert by_b.arm({"a": "a1", "b": "b2"}) == (("b", "b2"),)
    assert list(tuned({"optimizer.lr": RATES, "by": []}).arms(points)) == [()], "one choice for all"


def test_the_edge_of_a_grid_of_numbers_is_named(tuned):
    tuning = tuned({"optimizer.lr": [0.01, 0.001, 0.1], "model.norm": ["none", "batch"]})
    assert tuning.edges({"optimizer.lr": 0.1, "model.norm": "batch"}) == {"optimizer.lr": "highest"}
    assert tuning.edges({"optimizer.lr": 0.001, "model.norm": "none"}) == {"optimizer.lr": "lowest"}
    assert tuning.edges({"optimizer.lr": 0.01, "model.norm": "none"}) == {}


def test_ranges_are_filled_evenly_by_sobol_points(tuned):
    tune = {"optimizer.lr": RANGE, "model.dropout": {"low": 0.0, "high": 0.5}, "model.depth": {"low": 1, "high": 4},
            "model.norm": ["none", "batch"], "points": 16}  # fmt: skip
    tuning = tuned(tune)
    assert len(tuning.candidates) == 16
    assert tuning == tuned(tune), "the same in every study"
    rates = sorted(math.log10(candidate["optimizer.lr"]) for candidate in tuning.candidates)
    for after, before in zip(rates, [-4 + 3 * k / 16 for k in range(16)], strict=True):
        assert before < after < before + 3 / 16, "one in each sixteenth of the range"
    assert sorted(candidate["model.depth"] for candidate in tuning.candidates) == [1] * 4 + [2] * 4 + [3] * 4 + [4] * 4
    assert [c["model.norm"] for c in tuning.candidates].count("batch") == 8
    assert all(0 < candidate["model.dropout"] < 0.5 for candidate in tuning.candidates)
    assert not tuning.edges(tuning.candidates[0])
    assert all(one != other for one, other in pairwise(tuning.candidates))


def test_a_candidate_is_written_as_overrides():
    candidate = {"optimizer.lr": 1e-05, "model.bias": True, "model.name": "it's", "model.none": None, "model.n": 3}
    assert overrides(candidate) == (
        "optimizer.lr=1e-05", "model.bias=true", r"model.name='it\'s'", "model.none=null", "model.n=3",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("tune", "says"),
    [
        ({}, r"names no setting: write study.tune={optimizer.lr: "),
        ({"seeds": 2}, "names no setting"),
        ({"lr": RATES}, "Unknown key 'study.tune.lr'.* A setting is named by its whole key"),
        ({"seed": 3, "optimizer.lr": RATES}, "Did you mean 'study.tune.seeds'?"),
        ({"optimizer.lr": [0.01]}, r"has one value: there is nothing to choose. .* set it for all arms, "
                                   r"optimizer.lr=0.01, and leave it out of study.tune"),
        ({"optimizer.lr": []}, "has no value: there is nothing to choose"),
        ({"optimizer.lr": 0.01}, r"is a float: write the values to try, as in optimizer.lr: \[0.001, 0.01\]"),
        ({"optimizer.lr": [0.1, [1]]}, "a value is a finite number"),
        ({"optimizer.lr": [0.1, math.inf]}, "a value is a finite number"),
        ({"engine.workers": [1, 2]}, "does not change what a trial is"),
        ({"model.a": [1, 2]}, r"'model.a' is also a factor: level 'a0' of 'a' sets it \(model.a=0\).* take 'a' out of "
                              "study.factors"),
        ({"model.a.deep": [1, 2]}, "is also a factor"),
        ({"optimizer.lr": RATES, "metric": "test/accuracy"}, "in validation: study.tune.metric=val/accuracy"),
        ({"optimizer.lr": RATES, "metric": {"name": "test/loss", "better": "lower"}}, "study.tune.metric=val/loss"),
        ({"optimizer.lr": RATES, "metric": "val/auc"}, "which direction is better. Write {name: val/auc"),
        ({"optimizer.lr": RATES, "metric": {"name": "val/auc"}}, "write its name, or {name: val/score, "),
        ({"optimizer.lr": RATES, "seeds": 0}, "study.tune.seeds=0 must be a whole number, 1 or more"),
        ({"optimizer.lr": RATES, "rungs": [0.5, 0.25]}, r"rising, more than 0 and at most 1: \[0.25, 0.5\]"),
        ({"optimizer.lr": RATES, "rungs": [2]}, "at most 1"),
        ({"optimizer.lr": RATES, "rungs": []}, "at most 1"),
        ({"optimizer.lr": RATES, "by": ["c"]}, r"Unknown factor of this study 'c'.* \[\] is one choice for all"),
        ({"optimizer.lr": RATES, "points": 8}, "points is for ranges"),
        ({"optimizer.lr": RANGE}, "a range needs the number of Sobol points to try, a power of 2"),
        ({"optimizer.lr": RANGE, "points": 12}, "study.tune.points=12: .* a power of 2, such as 16"),
        ({"optimizer.lr": {"low": 1, "hihg": 2}, "points": 4}, "Did you mean 'study.tune: optimizer.lr.high'?"),
        ({"optimizer.lr": {"low": 2, "high": 1}, "points": 4}, "the one below the other"),
        ({"optimizer.lr": {"low": 0, "high": 1, "scale": "log"}, "points": 4}, "a logarithmic scale begins above 0"),
        ({"optimizer.lr": {"low": 0, "high": 1, "scale": "cubic"}, "points": 4}, "Valid: linear, log"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_what_to_write(tuned, tune, says):
    with pytest.raises(ConfigError, match=says):
        tuned(tune)


def test_a_setting_that_the_user_sets_is_not_tuned_too(tuned):
    with pytest.raises(ConfigError, match=r"'optimizer.lr=0.1' would be ignored: study.tune chooses optimizer.lr"):
        tuned({"optimizer.lr": RATES}, overrides=("optimizer.lr=0.1",))


def test_the_network_is_not_tuned_where_its_capacity_is_matched(tuned):
    with pytest.raises(ConfigError, match=r"study.capacity solves for model.width before any tuning"):
        tuned({"model.depth": [1, 2]}, capacity=Capacity())
    assert tuned({"optimizer.lr": RATES}, capacity=Capacity()) is not None


def test_choosing_an_optimizer_by_a_factor_leaves_its_rate_to_tune(make_spec):
    kinds = Factor(name="kind", levels={"a": ("optimizer=adam",), "s": ("optimizer=sgd",)}, reference="a")
    assert tuning_of(make_spec([kinds], tune={"optimizer.lr": RATES})) is not None


@pytest.mark.parametrize(
    ("metric", "objective", "better"),
    [
        (None, {}, "higher"),
        ("val/accuracy", {}, "higher"),
        ("val/loss", {}, "lower"),
        ("val/error", {"error": {"better": "lower", "trivial": None}}, "lower"),
        ({"name": "valid_auc", "better": "higher"}, {}, "higher"),
    ],
)
def test_which_direction_of_the_metric_is_better_is_known_or_asked(tuned, metric, objective, better):
    tune = {"optimizer.lr": RATES} | ({"metric": metric} if metric else {})
    assert tuned(tune, settings={"objective": {"responses": objective}}).better == better


def test_a_response_of_another_name_needs_a_metric(tuned):
    with pytest.raises(ConfigError, match=r"Name it: study.tune.metric=\{name: val/score, better: higher\}"):
        tuned({"optimizer.lr": RATES}, response=Response(name="score", better="higher"))
    with pytest.raises(ConfigError, match="in validation"):
        tuned({"optimizer.lr": RATES, "metric": "score"}, response=Response(name="score", better="higher"))
