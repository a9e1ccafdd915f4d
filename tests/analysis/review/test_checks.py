"""Each remark appears where it should, not where it is mended, and says what it cannot judge."""

from dataclasses import replace

import numpy as np
import pytest

from ablate.analysis.review._base import Objection, Unjudged
from ablate.analysis.review.case import Case
from ablate.analysis.review.grid_edge import next_value
from ablate.analysis.review.registry import CHECKS
from ablate.config.spec import Capacity, Claim, Factor, Response
from ablate.store.choices import Choice
from ablate.store.record import Counts

NOISE = np.array([0.01, -0.02, 0.015, 0.0, -0.005, 0.02])
SETTINGS = {
    "data": {"_target_": "ablate.data.digits", "limit": 600, "val_size": 100, "test_size": 100},
    "model": {"width": 8},
    "objective": {"metrics": {"accuracy": {}}, "responses": {"accuracy": {"better": "higher", "trivial": 0.1}}},
    "optimizer": {"lr": 0.01},
    "trainer": {"max_epochs": 10},
}
RATES = {"optimizer.lr": [0.001, 0.01, 0.1]}
MSE = Response(name="test/mse", better="lower")


def claim(expect="greater", margin=0.05, **more):
    return Claim(**{"contrast": {"a": ("y", "x")}, "expect": expect, "margin": margin, **more})


CLAIMS = (claim(),)


@pytest.fixture
def case(lab):
    """A study of one factor, x and y, with as many replicates as the first has values; without values, as planned."""

    def make(*values, claims=CLAIMS, curve=None, counts=None, simple=None, trivial=None, design=None, **more):
        levels = {"a": ["x", "y"], **more.pop("levels", {})}
        given = {
            key: more.pop(key) for key in ("choices", "parameters") if key in more
        }  # of the case; the rest are fields of the spec
        response = more.pop("response", None)
        n = more.pop("replicates", len(values[0]) if values else 6)
        spec = lab.spec(design=design or "one_at_a_time", replicates=n, response=response, **levels)
        spec = replace(spec, **{"claims": tuple(claims), "settings": SETTINGS, **more})
        points = lab.crossed(spec)
        records = lab.records(spec, points, values) if values else []
        if counts is not None:
            records = [replace(r, counts=counts) for r in records]
        if simple is not None:
            named = simple if isinstance(simple, dict) else {"1-NN": simple}
            scored = {name: {spec.response.name: score} for name, score in named.items()}
            records = [replace(r, simple=scored) for r in records]
        if trivial is not None:
            records = [replace(r, trivial={spec.response.name: trivial}) for r in records]
        return Case(
            spec=spec,
            points=points,
            records=records,
            curves={} if curve is None else {r.id: curve(r) for r in records},
            **{"parameters": [100] * len(points), **given},
        )

    return make


def judged(name, case):
    return CHECKS[name].judge(case)


def test_arms_without_a_setting_of_their_own_are_untuned(case):
    found = judged("untuned", case())
    assert "all arms at lr 0.01, untuned" in found.found
    assert found.mend == "study.tune: {optimizer.lr: [0.001, 0.003, 0.01, 0.03]}"
    assert judged("untuned", case(tune=RATES)) is None


def test_a_factor_that_sets_the_rate_is_named_in_what_mends_it(case):
    factor = Factor(name="a", levels={"x": ("optimizer.lr=0.1",), "y": ("optimizer.lr=1",)}, reference="x")
    assert "take optimizer.lr out of the levels of a" in judged("untuned", case(factors=(factor,))).mend


def chosen(rate, level="y"):
    return Choice(levels={"a": level}, chosen={"optimizer.lr": rate}, rungs=(), trials=6)


def test_a_choice_at_the_edge_of_its_grid_extends_the_grid(case):
    found = judged("grid_edge", case(tune=RATES, choices=(chosen(0.01, "x"), chosen(0.1))))
    assert "optimizer.lr 0.1, the highest tried, of 1 of 2 (a=y)" in found.found
    assert found.mend == "study.tune: {optimizer.lr: [0.001, 0.01, 0.1, 1]}"
    found = judged("grid_edge", case(tune=RATES, choices=(chosen(0.001, "x"), chosen(0.1))))
    assert found.mend == "study.tune: {optimizer.lr: [0.0001, 0.001, 0.01, 0.1, 1]}"


def test_a_choice_within_its_grid_is_no_remark_nor_is_a_lowest_of_zero(case):
    assert judged("grid_edge", case(tune=RATES, choices=(chosen(0.01),))) is None
    decay = Choice(levels={"a": "y"}, chosen={"optimizer.weight_decay": 0}, rungs=(), trials=6)
    settings = {**SETTINGS, "optimizer": {"lr": 0.01, "weight_decay": 0}}
    tuned = case(tune={"optimizer.weight_decay": [0, 0.1]}, choices=(decay,), settings=settings)
    assert judged("grid_edge", tuned) is None


def test_before_tuning_its_choice_is_not_known_and_without_it_there_is_no_grid(case):
    assert isinstance(judged("grid_edge", case(tune=RATES)), Unjudged)
    assert judged("grid_edge", case()) is None


@pytest.mark.parametrize(
    ("values", "end", "beyond"),
    [
        ([0.001, 0.003, 0.01], "highest", 0.033),
        ([0.001, 0.003, 0.01], "lowest", 0.00033),
        ([0, 1, 3], "highest", 5),
        ([10, 20], "highest", 40),
        ([1, 2], "lowest", 1),
        ([0.1], "highest", 0.3),
    ],
)
def test_the_next_value_of_a_grid_goes_on_as_the_grid_does(values, end, beyond):
    assert next_value(values, end=end) == pytest.approx(beyond, rel=1e-9)


GOOD, BETTER = (0.8 + NOISE).tolist(), (0.9 + NOISE[::-1]).tolist()


def curve_of(**last):
    """Curves that gain so much over the last epoch of ten, by the level of a."""
    return lambda record: {"val/accuracy": [0.5] * 9 + [0.5 + last[record.levels["a"]]]}


def test_an_arm_that_gains_more_than_half_the_margin_at_the_end_still_learns(case):
    found = judged("still_learning", case(GOOD, BETTER, curve=curve_of(x=0.0, y=0.03)))
    assert "1 of 2 design points still learned" in found.found
    assert "improved by up to 0.03, more than half of the smallest margin, 0.05 (a=y)" in found.found
    assert found.mend == "trainer.max_epochs: 20"
    assert judged("still_learning", case(GOOD, BETTER, curve=curve_of(x=0.0, y=0.02))) is None
    assert judged("still_learning", case(GOOD, BETTER, curve=curve_of(x=0.0, y=-0.3))) is None


def test_a_gain_in_a_lower_response_is_a_fall(case):
    falling = case(
        (3 + NOISE).tolist(), (2 + NOISE).tolist(), response=MSE, curve=lambda r: {"val/mse": [1.0] * 9 + [0.9]}
    )
    assert isinstance(judged("still_learning", falling), Objection)


def test_gains_that_replicates_do_not_agree_on_are_no_remark(case):
    def curve(record):
        return {"val/accuracy": [0.5] * 9 + [0.5 + (0.4 if record.replicate == 0 else -0.02)]}

    assert judged("still_learning", case(GOOD, BETTER, curve=curve)) is None


def test_without_curves_or_trials_or_margins_nothing_is_said_of_learning(case):
    assert (
        "2 of 2 design points have no complete trial with a curve" in judged("still_learning", case(GOOD, BETTER)).why
    )
    assert isinstance(judged("still_learning", case()), Unjudged)
    assert isinstance(judged("still_learning", case(GOOD, BETTER, claims=())), Unjudged)


def test_a_point_at_chance_is_at_the_floor(case):
    found = judged("floor_cells", case(GOOD, (0.1 + NOISE).tolist()))
    assert "1 of 2 design points are not told from the trivial predictor" in found.found
    assert found.mend == "trainer.max_epochs: 20; or study.tune; or study.exclude: [{a: y}]"
    assert judged("floor_cells", case(GOOD, BETTER)) is None


def test_the_baseline_at_the_floor_is_not_left_out(case):
    assert "exclude" not in judged("floor_cells", case((0.1 + NOISE).tolist(), GOOD)).mend


def test_a_point_of_which_too_few_trials_ended_is_not_judged(case):
    for name in ("floor_cells", "ceiling_cells"):
        assert isinstance(judged(name, case()), Unjudged)
        assert isinstance(judged(name, case(GOOD, ["absent"] * 6)), Unjudged)


def test_an_unbounded_response_is_held_against_the_recorded_trivial_score(case):
    high, low = (1 + NOISE).tolist(), (0.2 + NOISE).tolist()
    assert isinstance(judged("floor_cells", case(high, low, response=MSE, trivial=1.0)), Objection)
    assert judged("floor_cells", case(low, low, response=MSE, trivial=1.0)) is None
    assert isinstance(judged("floor_cells", case(low, low, response=MSE)), Unjudged)


def test_a_point_at_the_best_value_is_at_the_ceiling(case):
    found = judged("ceiling_cells", case(GOOD, [1.0, 1.0, 0.999, 1.0, 1.0, 1.0]))
    assert "1 of 2 design points are not told from 1, the best possible test/accuracy" in found.found
    assert found.mend.startswith("data.limit: 300")
    assert judged("ceiling_cells", case(GOOD, BETTER)) is None


def test_a_response_without_a_best_value_has_no_ceiling(case):
    unbounded = Response(name="test/steps", better="higher")
    assert judged("ceiling_cells", case(GOOD, BETTER, response=unbounded)) is None


def test_a_simple_predictor_that_is_as_good_makes_a_weak_baseline(case):
    found = judged("weak_baseline", case(GOOD, BETTER, simple=0.81))
    assert "1-NN 0.81" in found.found
    assert judged("weak_baseline", case(GOOD, BETTER, simple=0.6)) is None
    assert isinstance(judged("weak_baseline", case(GOOD, BETTER)), Unjudged)
    assert isinstance(judged("weak_baseline", case()), Unjudged)


def test_the_best_rule_that_there_is_makes_no_weak_baseline(case):
    assert judged("weak_baseline", case(GOOD, BETTER, simple={"1-NN": 0.6, "Bayes": 0.99})) is None
    found = judged("weak_baseline", case(GOOD, BETTER, simple={"1-NN": 0.81, "Bayes from the past": 0.99}))
    assert "1-NN 0.81" in found.found
    assert "Bayes" not in found.found
    assert isinstance(judged("weak_baseline", case(GOOD, BETTER, simple={"Bayes": 0.99})), Unjudged)


def test_arms_of_other_sizes_are_unmatched(case):
    found = judged("unmatched_capacity", case(parameters=[100, 150]))
    assert "up to 150 against 100, +50% (a=y)" in found.found
    assert found.mend == "study.capacity: matched"
    assert judged("unmatched_capacity", case(parameters=[100, 102])) is None
    assert judged("unmatched_capacity", case(parameters=[100, 150], capacity=Capacity(within=0.6))) is None
    assert isinstance(judged("unmatched_capacity", case(parameters=[None, 100])), Unjudged)
    assert isinstance(judged("unmatched_capacity", case(parameters=[100, None])), Unjudged)


def test_sizes_are_compared_on_the_same_data_set(case):
    a = Factor(name="a", levels={"x": (), "y": ("model.depth=2",)}, reference="x")
    b = Factor(name="b", levels={"u": ("data=digits",), "v": ("data=mnist1d",)}, reference="u")
    crossed = {"levels": {"b": ["u", "v"]}, "factors": (a, b), "design": "factorial"}
    # Design points in their order: xu, xv, yu, yv.
    assert judged("unmatched_capacity", case(parameters=[100, 150, 100, 150], **crossed)) is None
    found = judged("unmatched_capacity", case(parameters=[100, 150, 100, 200], **crossed))
    assert "1 of 4 design points" in found.found
    assert "up to 200 against 150, +33% (a=y, b=v)" in found.found


def test_a_model_without_a_width_names_the_key_that_sets_its_size(case):
    found = judged("unmatched_capacity", case(parameters=[100, 150], settings={**SETTINGS, "model": {"channels": 4}}))
    assert found.mend == "study.capacity: {matched: model.KEY}"


def test_a_margin_under_the_share_of_one_example_is_too_fine_beforehand(case):
    found = judged("fine_margin", case(claims=[claim(margin=0.005)]))
    assert "0.01 (one example's share, on 100 examples)" in found.found
    assert found.mend == "data.test_size: 200; or margin: 0.01"
    assert judged("fine_margin", case(claims=[claim(margin=0.01)])) is None


def test_with_results_a_margin_is_held_against_the_binomial_se(case):
    counted = Counts(test_examples=100)
    # All accuracies .8: SE = sqrt(.8 × .2 / 100) = .04; a margin of .02 takes four times as many examples.
    values = [0.8] * 6
    found = judged("fine_margin", case(values, values, claims=[claim(margin=0.02)], counts=counted))
    assert "0.04 (the binomial SE of one accuracy, on 100 examples)" in found.found
    assert found.mend == "data.test_size: 400; or margin: 0.04"
    assert judged("fine_margin", case(values, values, claims=[claim(margin=0.05)], counts=counted)) is None


def test_a_resolution_that_is_not_known_is_said(case):
    official = {**SETTINGS, "data": {"test_size": None}}
    assert isinstance(judged("fine_margin", case(settings=official)), Unjudged)
    assert isinstance(judged("fine_margin", case(claims=[claim(margin=0.1, relative=True)])), Unjudged)


def test_a_response_that_is_no_accuracy_has_no_such_resolution(case):
    assert judged("fine_margin", case(response=MSE, claims=[claim(margin=1e-9)])) is None


def test_fewer_than_five_replicates_are_too_few_beforehand(case):
    found = judged("few_replicates", case(replicates=4))
    assert "4 replicates are too few" in found.found
    assert found.mend == "replicates: 5"
    assert isinstance(judged("few_replicates", case(replicates=5)), Unjudged)
    assert judged("few_replicates", case(replicates=2, claims=())) is None


def test_a_margin_of_little_power_asks_for_the_replicates_that_it_takes(case):
    # Differences of mean .002 and SD .02; a margin of half an SD.
    noise = np.array([0.02, -0.02, 0.01, -0.01, 0.03, -0.018])
    weak = case([0.8] * 6, (0.8 + noise).tolist(), claims=[claim(margin=0.01)])
    found = judged("few_replicates", weak)
    assert "is shown with probability" in found.found
    assert int(found.mend.removeprefix("replicates: ")) > 20


def test_a_margin_of_enough_power_is_no_remark_nor_is_a_claim_that_is_decided_by_far(case):
    noise = np.array([0.02, -0.02, 0.01, -0.01, 0.03, -0.018])
    values = [0.8] * 6, (0.8 + noise).tolist()
    assert judged("few_replicates", case(*values, claims=[claim(margin=0.1)])) is None
    strong = [0.5] * 6, (0.8 + noise).tolist()
    assert judged("few_replicates", case(*strong, claims=[claim(margin=0.01)])) is None


LEVELS = {"b": ["u", "v"]}


def test_a_claim_on_an_average_over_an_interaction_is_marginal(case):
    rows = [(0.5 + NOISE).tolist(), (0.5 - NOISE).tolist(), (0.9 + NOISE[::-1]).tolist(), (0.4 + NOISE).tolist()]
    found = judged("marginal_claim", case(*rows, levels=LEVELS, design="factorial"))
    assert "a: y vs x averages over 2 settings" in found.found
    assert found.mend.startswith("at: {b: u} in the claim")


def test_an_average_over_like_effects_is_no_remark(case):
    rows = [(0.5 + NOISE).tolist(), (0.5 - NOISE).tolist(), (0.9 + NOISE[::-1]).tolist(), (0.9 + NOISE).tolist()]
    assert judged("marginal_claim", case(*rows, levels=LEVELS, design="factorial")) is None


def test_a_claim_that_says_where_it_holds_is_not_marginal(case):
    rows = [(0.5 + NOISE).tolist(), (0.5 - NOISE).tolist(), (0.9 + NOISE[::-1]).tolist(), (0.4 + NOISE).tolist()]
    held = case(*rows, levels=LEVELS, design="factorial", claims=[claim(at={"b": "u"})])
    assert judged("marginal_claim", held) is None


def test_before_a_trial_an_average_is_not_judged(case):
    assert isinstance(judged("marginal_claim", case(levels=LEVELS, design="factorial")), Unjudged)
    assert judged("marginal_claim", case()) is None


def test_one_data_set_is_one_until_a_factor_chooses_it(case):
    found = judged("one_data_set", case())
    assert found.mend == "{data: [digits, mnist1d]} among study.factors"
    factor = Factor(name="a", levels={"x": ("data=digits",), "y": ("data=mnist1d",)}, reference="x")
    assert judged("one_data_set", case(factors=(factor,))) is None
