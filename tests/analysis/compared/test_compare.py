"""Two studies compared: differences against scipy, what pairs and what does not, and what differs in configuration."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from ablate.analysis.compared.compare import compare
from ablate.analysis.compared.side import Side
from ablate.config.spec import Claim, Factor, Response
from ablate.store.record import Provenance

pytestmark = pytest.mark.numeric

TOLERANCE = 1e-12
"""Relative: sums of a dozen numbers about 1 in double precision."""

RELU = [0.80, 0.82, 0.79, 0.85, 0.81]
TANH = [0.75, 0.79, 0.77, 0.80, 0.70]
RELU_B = [0.88, 0.90, 0.84, 0.95, 0.86]
TANH_B = [0.86, 0.84, 0.83, 0.89, 0.79]
DATA = {"_target_": "ablate.data.digits", "val_size": 10, "test_size": 20, "batch_size": 64}


@pytest.fixture
def side(lab):
    """Makes a side of rows of values, one for each activation."""

    def make(*rows, name="a", data=DATA, response=None, replicates=5, **changes):
        spec = replace(lab.spec(act=("relu", "tanh"), replicates=replicates, response=response), **changes)
        points = lab.crossed(spec)
        records = [
            replace(record, config={"seed": spec.seed, "data": data}) for record in lab.records(spec, points, rows)
        ]
        return Side(name=name, spec=spec, points=points, records=records)

    return make


def ends(interval):
    return interval.value, interval.low, interval.high


def test_replicates_of_equal_seeds_and_splits_are_pairs(side):
    found = compare(side(RELU, TANH), side(RELU_B, TANH_B, name="b"))
    (effect,) = found.effects
    d = np.subtract(TANH_B, RELU_B) - np.subtract(TANH, RELU)
    expected = stats.ttest_1samp(d, 0).confidence_interval(0.95)
    assert (effect.unpaired, effect.n_a, effect.n_b, effect.difference.method) == ("", 5, 5, "t")
    assert ends(effect.difference) == pytest.approx((d.mean(), *expected), rel=TOLERANCE)
    assert (effect.a.value, effect.b.value) == pytest.approx(
        (np.mean(TANH) - np.mean(RELU), np.mean(TANH_B) - np.mean(RELU_B)), rel=TOLERANCE
    )
    assert effect.correlation == pytest.approx(
        np.corrcoef(np.subtract(TANH_B, RELU_B), np.subtract(TANH, RELU))[0, 1], rel=TOLERANCE
    )
    relu, tanh = found.means
    assert dict(relu.quantity.levels) == {"act": "relu"}
    for mean, a, b in ((relu, RELU, RELU_B), (tanh, TANH, TANH_B)):
        expected = stats.ttest_rel(b, a).confidence_interval(0.95)
        assert ends(mean.difference)[1:] == pytest.approx(tuple(expected), rel=TOLERANCE)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"seed": 1}, "other seeds"),
        ({"data": {**DATA, "val_size": 20}}, "other data or splits"),
        ({"data": {**DATA, "_target_": "ablate.data.moons"}}, "other data or splits"),
    ],
)
def test_others_are_independent_groups(side, changes, why):
    found = compare(side(RELU, TANH), side(RELU_B, TANH_B, **changes))
    (effect,) = found.effects
    a, b = np.subtract(TANH, RELU), np.subtract(TANH_B, RELU_B)
    expected = stats.ttest_ind(b, a, equal_var=False).confidence_interval(0.95)
    assert (effect.unpaired, effect.difference.method, effect.correlation) == (why, "welch", None)
    assert ends(effect.difference) == pytest.approx((b.mean() - a.mean(), *expected), rel=TOLERANCE)


@pytest.mark.parametrize(
    "data", [{**DATA, "batch_size": 8}, {**DATA, "augmentation": {"shift": 2}}, {**DATA, "root": "elsewhere"}]
)
def test_batches_and_places_of_data_change_no_split(side, data):
    (effect,) = compare(side(RELU, TANH), side(RELU_B, TANH_B, data=data)).effects
    assert effect.unpaired == ""


def test_only_replicates_that_both_have_are_pairs(side, lab):
    longer = side([*RELU, 0.1, 0.2], [*TANH, 0.9, 0.9], replicates=7)
    (effect,) = compare(longer, side([*RELU_B[:4], lab.FAILED], TANH_B)).effects
    d = (np.subtract(TANH_B, RELU_B) - np.subtract(TANH, RELU))[:4]
    assert (effect.n_a, effect.n_b, effect.dropped_a, effect.dropped_b) == (4, 4, 3, 0)
    assert effect.difference.value == pytest.approx(d.mean(), rel=TOLERANCE)


def test_trials_of_no_common_replicate_are_independent_groups(side, lab):
    none = [lab.ABSENT] * 5
    older = side([*RELU, *none], [*TANH, *none], replicates=10)
    later = side([*none, *RELU_B], [*none, *TANH_B], replicates=10)
    (effect,) = compare(older, later).effects
    assert (effect.unpaired, effect.n_a, effect.n_b) == ("no replicate in common", 5, 5)
    a, b = np.subtract(TANH, RELU), np.subtract(TANH_B, RELU_B)
    expected = stats.ttest_ind(b, a, equal_var=False).confidence_interval(0.95)
    assert ends(effect.difference)[1:] == pytest.approx(tuple(expected), rel=TOLERANCE)


def test_a_study_is_equal_to_itself_and_has_no_interval_of_no_difference(side):
    found = compare(side(RELU, TANH), side(RELU, TANH))
    assert found.changes == ()
    for one in (*found.effects, *found.means):
        assert (one.equal, ends(one.difference)) == (5, (0, None, None))


def test_a_shift_of_all_pairs_alike_has_no_interval(side):
    """Nothing varies but by rounding, of which an interval would say how sure it is."""
    b = [[x + 2.0**-5 + 2.0**-40 * r for r, x in enumerate(row)] for row in (RELU, TANH)]
    relu, _ = compare(side(RELU, TANH), side(*b)).means
    assert relu.difference.value == pytest.approx(2.0**-5, abs=1e-9)
    assert (relu.equal, relu.difference.low) == (0, None)
    constant = compare(side([0.5] * 5, TANH), side([0.6] * 5, TANH_B, seed=1)).means[0]
    assert (constant.difference.value, constant.difference.low) == (pytest.approx(0.1), None)


def test_studies_that_train_nothing(side):
    a = replace(side(RELU, TANH), points=(), records=())
    found = compare(a, a)
    assert (found.response, found.effects, found.means) == ("", (), ())
    assert "trains nothing" in found.notes[0]


def test_few_replicates_have_no_interval(side):
    for changes in ({}, {"seed": 1}):
        (effect,) = compare(side(RELU[:2], TANH[:2]), side(RELU_B[:2], TANH_B[:2], **changes)).effects
        assert effect.difference.low is None


def test_a_diverged_trial_counts_as_the_study_scores_it(side, lab):
    (relu, _) = compare(side(RELU, TANH), side([*RELU_B[:4], lab.DIVERGED], TANH_B)).means
    assert relu.b.value == pytest.approx(np.mean([*RELU_B[:4], 0.1]), rel=TOLERANCE)


def test_what_only_one_has(side, lab):
    a = side(RELU, TANH)
    spec = lab.spec(act=("relu", "gelu"))
    points = lab.crossed(spec)
    b = Side(name="b", spec=spec, points=points, records=lab.records(spec, points, [RELU_B, TANH_B]))
    b = replace(b, records=[replace(r, responses={**r.responses, "test/loss": 1.0}) for r in b.records])
    found = compare(a, b)
    assert found.effects == ()
    assert [dict(mean.quantity.levels) for mean in found.means] == [{"act": "relu"}]
    assert (found.only_a, found.only_b) == (("act: tanh vs relu", "act=tanh"), ("act: gelu vs relu", "act=gelu"))
    assert (found.responses_a, found.responses_b) == ((), ("test/loss",))
    assert {(c.key, c.a, c.b) for c in found.changes if c.category == "factor"} == {
        ("act=tanh", "none", None),
        ("act=gelu", None, "none"),
    }


def test_other_responses(side):
    loss = Response(name="test/loss", better="lower")
    a, b = side(RELU, TANH), side(RELU_B, TANH_B, response=loss)
    none = compare(a, b)
    assert (none.response, none.effects, none.means) == ("", (), ())
    assert "no effect and no mean is compared" in none.notes[0]
    both = replace(b, records=[replace(r, responses={**r.responses, "test/accuracy": 0.5}) for r in b.records])
    found = compare(a, both)
    assert (found.response, found.better) == ("test/accuracy", "higher")
    assert found.means[0].b.value == 0.5
    assert "A states test/accuracy, and B test/loss" in found.notes[0]


def test_changes_say_what_and_how(side):
    a = side(RELU, TANH, settings={"optimizer": {"lr": 0.1}, "trainer": {"max_epochs": 3}, "engine": {"name": "x"}})
    made = Provenance(
        ablate="1", python="3", torch="2", lightning="2", host="h", device="cpu", threads=1, engine="inline", source="c"
    )
    a = replace(a, records=[replace(record, provenance=made) for record in a.records])
    wide = Factor(name="act", levels={"relu": ("model.act=relu",), "tanh": ()}, reference="relu")
    b = replace(
        a,
        spec=replace(
            a.spec,
            seed=3,
            factors=(wide,),
            response=replace(a.spec.response, penalty=0.0),
            claims=(Claim(contrast={"act": ("tanh", "relu")}, expect="less", margin=0.01),),
            settings={
                "optimizer": {"lr": 0.2},
                "trainer": {"max_epochs": 3, "ema_decay": 0.9},
                "engine": {"name": "y"},
            },
        ),
        records=[replace(r, provenance=replace(made, source="d")) for r in a.records],
    )
    assert [(c.category, c.key, c.a, c.b) for c in compare(a, b).changes] == [
        ("study", "seed", "0", "3"),
        ("study", "response.penalty", None, "0.0"),
        ("factor", "act=relu", "none", "model.act=relu"),
        ("setting", "optimizer.lr", "0.1", "0.2"),
        ("setting", "trainer.ema_decay", None, "0.9"),
        ("claim", "act: tanh vs relu, less, margin 0.01", None, "stated"),
        ("made by", "code", "c", "d"),
    ]


def test_main_effects_over_other_design_points_are_said_to_be(lab):
    def crossed(depths):
        spec = lab.spec("factorial", act=("relu", "tanh"), depth=depths)
        points = lab.crossed(spec)
        rows = [[0.1 * row + 0.01 * r for r in range(5)] for row in range(len(points))]
        return Side(name="s", spec=spec, points=points, records=lab.records(spec, points, rows))

    assert not any("averaged over" in note for note in compare(crossed(("1", "2")), crossed(("1", "2"))).notes)
    found = compare(crossed(("1", "2")), crossed(("1", "3")))
    assert any("averaged over" in note for note in found.notes)
    assert "act: tanh vs relu" in [one.quantity.name for one in found.effects]
