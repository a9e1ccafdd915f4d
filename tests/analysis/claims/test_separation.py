import dataclasses
import itertools
import math

import numpy as np
import pytest
from scipy import stats

from ablate.analysis.claims.separation import NOTE
from ablate.analysis.summarise import summarise
from ablate.config.diagnostic import DIAGNOSTICS
from ablate.config.spec import Claim


@pytest.fixture
def judged(lab):
    """The summary of a claim that b is greater than a, from diagnostic → level → moment → values per replicate."""

    def made(given, *, diagnostics=(), **record):
        n = max(len(v) for levels in given.values() for moments in levels.values() for v in moments.values())
        spec = lab.spec(arm=("a", "b"), replicates=n)
        claim = Claim(contrast={"arm": ("b", "a")}, expect="greater", margin=0.01)
        spec = dataclasses.replace(spec, claims=(claim,), diagnostics=diagnostics)
        points = lab.crossed(spec)
        records = []
        for point, r in itertools.product(points, range(n)):
            found = {
                name: {moment: v[r] for moment, v in levels[point.levels["arm"]].items() if v[r] is not None}
                for name, levels in given.items()
            }
            records.append(lab.record(spec, point.levels, r, 0.9 + 0.01 * r, diagnostics=found, **record))
        return summarise(spec, points, records, rng=np.random.default_rng(0))

    return made


def why(summary):
    return summary.verdicts[0].why


A, B = [0.10, 0.14, 0.12, 0.20, 0.15], [0.40, 0.47, 0.38, 0.52, 0.45]


def test_a_fraction_is_compared_by_its_paired_differences(judged):
    found = why(judged({"dead_units": {"a": {"end": A}, "b": {"end": B}}}))
    d = np.array(B) - A
    assert found.separation == pytest.approx(d.mean() / d.std(ddof=1))
    assert not found.floored
    assert (found.diagnostic, found.moment) == ("dead_units", "end")
    assert (found.arm, found.reference) == pytest.approx((np.mean(B), np.mean(A)))
    t = stats.ttest_rel(B, A)
    assert t.statistic == pytest.approx(found.separation * math.sqrt(5))
    assert found.separates == (t.pvalue < 0.05)
    assert found.line == "what separates them most: dead units at the end, 0.44 in b and 0.14 in a (11 SD apart)"


def test_a_norm_is_compared_by_its_logarithm(judged):
    a, b = [0.001, 0.01, 0.02, 0.5, 0.01], [0.01, 0.2, 0.3, 6, 0.1]
    found = why(judged({"gradient_norm": {"a": {"start": a}, "b": {"start": b}}}))
    d = np.log(b) - np.log(a)
    assert found.separation == pytest.approx(d.mean() / d.std(ddof=1))
    assert (found.arm, found.reference) == pytest.approx((stats.gmean(b), stats.gmean(a)))


def test_the_largest_separation_is_named_and_its_moment(judged):
    same = {"a": {"start": A, "end": A}, "b": {"start": A, "end": A}}
    found = why(judged({"saturated": same, "dead_units": same | {"b": {"start": A, "end": B}}}))
    assert (found.diagnostic, found.moment, found.separates) == ("dead_units", "end", True)


def test_replicates_that_agree_are_held_against_the_floor(judged):
    found = why(judged({"unreachable": {"a": {"start": [0.5] * 5}, "b": {"start": [0.0] * 5}}}))
    assert found.separation == -0.5 / DIAGNOSTICS["unreachable"].floor
    assert found.floored
    assert found.line.endswith("0 in b and 0.5 in a")  # where there is no SD, no number of them
    found = why(judged({"effective_rank": {"a": {"start": [10] * 5}, "b": {"start": [20] * 5}}}))
    assert found.separation == pytest.approx(math.log(2) / DIAGNOSTICS["effective_rank"].floor)


def test_a_ratio_that_is_zero_somewhere_is_compared_as_it_is(judged):
    found = why(judged({"branch_to_skip": {"a": {"end": [2.0] * 5}, "b": {"end": [0.0] * 5}}}))
    assert found.separation == pytest.approx(-1 / DIAGNOSTICS["branch_to_skip"].floor)
    assert found.line.endswith("0 in b and 2 in a")
    assert why(judged({"gradient_norm": {"a": {"end": [0.0] * 3}, "b": {"end": [0.0] * 3}}})).separation == 0


SMALL, LARGE = [0.10, 0.11, 0.09, 0.10, 0.12], [0.85, 0.80, 0.90, 0.87, 0.84]
LARGER = [8.1, 8.9, 8.4, 7.9, 8.6]


@pytest.mark.parametrize(
    ("a", "b", "named"),
    [
        ({"start": SMALL}, {"start": LARGE}, None),
        ({"start": SMALL, "end": SMALL}, {"start": LARGE, "end": LARGE}, None),
        ({"start": SMALL, "end": [x * 1.01 for x in SMALL]}, {"start": LARGE, "end": [*reversed(LARGE)]}, None),
        ({"start": LARGE, "end": SMALL}, {"start": LARGE, "end": LARGE}, "end"),
        ({"start": SMALL, "end": SMALL}, {"start": LARGE, "end": LARGER}, "end"),
        ({"start": LARGE, "end": SMALL}, {"start": SMALL, "end": LARGE}, "end"),
        ({"end": SMALL}, {"end": LARGE}, "end"),
        ({"start": [None] * 5, "end": SMALL}, {"start": LARGE, "end": LARGE}, "end"),
    ],
    ids=["start alone", "stays", "shrinks", "arises", "grows", "turns round", "no start", "start not measured"],
)
def test_what_is_there_before_the_first_step_and_does_not_grow_is_not_named(judged, a, b, named):
    """As the size of activations is in a study of initial weights: it says what was varied, and no more."""
    summary = judged({"activation_sd": {"a": a, "b": b}})
    found = why(summary)
    assert (found.separates, found.restates) == (named is not None, named is None)
    said = found.line.partition(",")[0]
    assert said == (f"what separates them most: activation SD at the {named}" if named else "")
    assert (NOTE in summary.notes) == (named is not None)


def test_what_training_has_made_is_named_in_place_of_a_larger_restatement(judged):
    arms = {"a": {"start": SMALL, "end": SMALL}, "b": {"start": LARGE, "end": LARGE}}
    found = why(
        judged({"activation_sd": arms, "dead_units": {"a": {"start": A, "end": A}, "b": {"start": A, "end": B}}})
    )
    assert (found.diagnostic, found.moment, found.separates) == ("dead_units", "end", True)


def test_targets_out_of_reach_are_named_though_training_does_not_change_them(judged):
    """They do not move while a network trains: that is a reason, not a restatement."""
    same = {"start": [0.5] * 5, "end": [0.5] * 5}
    found = why(judged({"unreachable": {"a": same, "b": {moment: [0.0] * 5 for moment in same}}}))
    assert (found.diagnostic, found.moment, found.separates, found.restates) == ("unreachable", "start", True, False)


def test_ties_go_to_the_first_in_a_fixed_order(judged):
    both = {"a": {"middle": A, "end": A}, "b": {"middle": B, "end": B}}
    for names in (("saturated", "dead_units"), ("dead_units", "saturated")):
        found = why(judged(dict.fromkeys(names, both)))
        assert (found.diagnostic, found.moment) == ("dead_units", "middle")


def test_arms_that_nothing_separates_are_said_to_be_so(judged):
    summary = judged({"dead_units": {"a": {"end": A}, "b": {"end": [*reversed(A)]}}})
    assert not why(summary).separates
    assert why(summary).line == "none of the diagnostics separates the arms"
    assert NOTE not in summary.notes


def test_the_more_is_looked_at_the_more_it_takes(judged):
    """t = 3.5 with 4 degrees of freedom: p .025 alone, not among 27."""
    d = np.array([-2, -1, 0, 1, 2]) / 100
    one = {"a": {"end": [0.5] * 5}, "b": {"end": list(0.5 + d + 3.5 * d.std(ddof=1) / math.sqrt(5))}}
    same = {level: {moment: [0.5] * 5 for moment in ("start", "middle", "end")} for level in "ab"}
    assert why(judged({"dead_units": one})).separates
    assert not why(judged(dict.fromkeys(DIAGNOSTICS, same) | {"dead_units": one})).separates


def test_a_replicate_counts_where_both_arms_have_it_and_three_are_needed(judged):
    gaps = {"a": {"end": [None, *A[1:]]}, "b": {"end": [*B[:4], None]}}
    d = np.array(B[1:4]) - A[1:4]
    assert why(judged({"saturated": gaps})).separation == pytest.approx(d.mean() / d.std(ddof=1))
    assert why(judged({"saturated": {"a": {"end": [None, None, None, 0.1]}, "b": {"end": [0.1] * 4}}})) is None


def test_records_without_diagnostics_have_no_why(lab):
    spec = lab.spec(arm=("a", "b"), replicates=3)
    claim = Claim(contrast={"arm": ("b", "a")}, expect="greater", margin=0.01)
    spec = dataclasses.replace(spec, claims=(claim,), diagnostics=("dead_units",))
    summary = lab.summarise(spec, lab.crossed(spec), [[0.1, 0.2, 0.3], [0.2, 0.4, 0.3]])
    assert why(summary) is None
    assert any("No trial has these diagnostics, which the study names: dead_units" in note for note in summary.notes)


def test_other_factors_are_averaged_over_as_in_the_claim(lab):
    spec = dataclasses.replace(
        lab.spec("factorial", replicates=3, arm=("a", "b"), depth=("2", "9")),
        claims=(Claim(contrast={"arm": ("b", "a")}, expect="greater", margin=0.01),),
    )
    points = lab.crossed(spec)
    rng = np.random.default_rng(1)
    x = {(p.levels["arm"], p.levels["depth"]): rng.uniform(0, 1, 3) for p in points}
    records = [
        lab.record(
            spec, p.levels, r, 0.5,
            diagnostics={"saturated": {"end": float(x[p.levels["arm"], p.levels["depth"]][r])}},
        )
        for p in points for r in range(3)
    ]  # fmt: skip
    found = why(summarise(spec, points, records, rng=rng))
    d = (x["b", "2"] + x["b", "9"]) / 2 - (x["a", "2"] + x["a", "9"]) / 2
    assert found.separation == pytest.approx(d.mean() / d.std(ddof=1))


def test_the_note_says_once_that_it_is_no_cause(judged):
    notes = judged({"dead_units": {"a": {"end": A}, "b": {"end": B}}}).notes
    assert notes.count(NOTE) == 1


def test_what_could_not_be_measured_is_said_once(judged):
    summary = judged({"dead_units": {"a": {"end": A}, "b": {"end": B}}}, unmeasured="net.py:3: ValueError: no")
    (said,) = [note for note in summary.notes if "could not be measured" in note]
    assert said == ("Diagnostics could not be measured in 10 of 10 trials, or in part only: net.py:3: ValueError: no")


def test_some_trials_without_the_diagnostics_that_the_study_names_are_counted(lab):
    spec = lab.spec(arm=("a", "b"), replicates=2)
    points = lab.crossed(spec)
    some = {("a", 0): {"dead_units": {"end": 0.5}}}
    records = [
        lab.record(spec, p.levels, r, 0.5, diagnostics=some.get((p.levels["arm"], r), {}))
        for p in points for r in range(2)
    ]  # fmt: skip
    for named, told in (((), 0), (("dead_units",), 1)):
        notes = lab.summarise_records(dataclasses.replace(spec, diagnostics=named), points, records).notes
        assert sum("3 of 4 trials were made without diagnostics" in note for note in notes) == told


def test_a_design_point_has_the_mean_of_each_moment(judged):
    summary = judged({"gradient_norm": {"a": {"start": [1, 100, None]}, "b": {"start": [0, 2, 4]}}})
    assert [p.diagnostics for p in summary.points] == [
        {"gradient_norm": {"start": pytest.approx(10)}},
        {"gradient_norm": {"start": 2}},
    ]


def test_both_arms_have_the_same_kind_of_mean(judged):
    found = why(judged({"branch_to_skip": {"a": {"start": [1.0, 100, 1, 100]}, "b": {"start": [0.0, 1, 2, 3]}}}))
    assert (found.arm, found.reference) == (1.5, 50.5)  # the 0 in b leaves a no geometric mean, of 10, either


def test_what_rests_on_too_few_replicates_does_not_hide_what_separates(judged):
    """Of two, each needs p < .025: 3 SD of three replicates have p .035, 2 SD of ten p .0001."""
    few = [0.1, 0.2, 0.3, *[None] * 7]
    many = np.array([-4.5, -3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5, 4.5]) / 100
    given = {
        "dead_units": {"a": {"end": [0.0] * 3 + [None] * 7}, "b": {"end": [x and x + 0.1 for x in few]}},
        "effective_rank": {"a": {"end": [1.0] * 10}, "b": {"end": list(np.exp(many * 10 + 0.6))}},
    }
    found = why(judged(given))
    assert found.separation == pytest.approx(0.6 / (many * 10).std(ddof=1))
    assert (found.diagnostic, found.separates) == ("effective_rank", True)
    alone = why(judged(given | {"effective_rank": {"a": {"end": [1.0] * 10}, "b": {"end": list(np.exp(many * 10))}}}))
    assert (alone.diagnostic, alone.separation, alone.separates) == ("dead_units", pytest.approx(3), False)


@pytest.mark.parametrize(
    ("arm", "reference", "compared"),
    [
        ({"hidden_activation": "tanh"}, {"hidden_activation": "relu"}, False),
        ({"hidden_activation": "relu", "width": 8}, {"hidden_activation": "relu", "width": 4}, True),
        ({"hidden_activation": "relu", "output_activation": "tanh"}, {"hidden_activation": "relu"}, True),
        ({"hidden_activation": "relu", "stem_activation": True}, {"hidden_activation": "relu"}, True),
        ({"block": {"activation": {"_target_": "torch.nn.Tanh"}}}, {"block": {"activation": "relu"}}, False),
        ({"hidden_activation": "tanh", "hard_threshold": True}, {"hidden_activation": "tanh"}, False),
        ({"hidden_activation": "tanh", "hard_threshold": False}, {"hidden_activation": "tanh"}, True),
        ({"_target_": "mine.A"}, {"_target_": "mine.B"}, False),
        ({"_target_": "mine.A", "activation": "relu"}, {"_target_": "mine.B", "activation": "relu"}, True),
    ],
)
def test_saturation_is_compared_between_networks_of_the_same_activations_only(lab, arm, reference, compared):
    spec = lab.spec(net=("a", "b"), replicates=5)
    claim = Claim(contrast={"net": ("b", "a")}, expect="greater", margin=0.01)
    spec = dataclasses.replace(spec, claims=(claim,))
    points = lab.crossed(spec)
    values = {"saturated": {"a": A, "b": [x + 0.4 for x in A]}, "dead_units": {"a": A, "b": A}}
    models = {"a": reference, "b": arm}
    records = [
        lab.record(
            spec, p.levels, r, 0.5, config={"model": models[p.levels["net"]]},
            diagnostics={name: {"end": found[p.levels["net"]][r]} for name, found in values.items()},
        )
        for p in points for r in range(5)
    ]  # fmt: skip
    summary = lab.summarise_records(spec, points, records)
    found = why(summary)
    assert (found.diagnostic, found.separates) == (("saturated", True) if compared else ("dead_units", False))
    assert found.left_out == (() if compared else ("saturated", "zeros"))
    said = (
        "The saturated fraction is not among what is compared for claims whose arms have other hidden activations: "
        "the off side of a ReLU counts, so that it would differ by definition."
    )
    assert (said in summary.notes) == (not compared)


def test_activations_that_are_crossed_with_the_claim_are_the_same_in_both_arms(lab):
    spec = lab.spec("factorial", net=("a", "b"), act=("relu", "tanh"), replicates=3)
    spec = dataclasses.replace(spec, claims=(Claim(contrast={"net": ("b", "a")}, expect="greater", margin=0.01),))
    points = lab.crossed(spec)
    records = [
        lab.record(
            spec, p.levels, r, 0.5, config={"model": {"activation": p.levels["act"]}},
            diagnostics={"saturated": {"end": 0.1 * r}},
        )
        for p in points for r in range(3)
    ]  # fmt: skip
    assert why(lab.summarise_records(spec, points, records)).left_out == ()
