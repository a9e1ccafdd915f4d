"""What is said of the settings that arms train with: chosen for each, or the same for all."""

from dataclasses import replace

import pytest

from ablate.analysis.notes.tuning import choice_lookup, tuning_notes, tuning_summary
from ablate.config.spec import Factor
from ablate.store.choices import Choice, Tried

RATES = [0.001, 0.01, 0.1]


def choice(rate, values=(0.5, 0.5), **levels):
    tried = tuple(Tried(settings={"optimizer.lr": each}, share=0.5, values=values) for each in RATES)
    return Choice(levels=levels, chosen={"optimizer.lr": rate}, rungs=(tried,), trials=6)


@pytest.fixture
def spec(lab):
    return replace(lab.spec(a=["x", "y"]), tune={"optimizer.lr": RATES})


@pytest.fixture
def points(lab):
    return lab.points({"a": "x"}, {"a": "y"})


@pytest.mark.parametrize(
    ("optimizer", "says"),
    [
        ({"lr": 0.002}, "All arms at lr 0.002, untuned."),
        ({"momentum": 0.9}, "Untuned: no setting was chosen for each arm."),
        (None, "Untuned: no setting was chosen for each arm."),
    ],
)
def test_a_study_without_tuning_says_so(spec, points, optimizer, says):
    untuned = replace(spec, tune=None, settings={"optimizer": optimizer})
    assert tuning_summary(untuned, points, ()) is None
    assert tuning_notes(untuned, None) == (says,)


def test_arms_whose_rates_differ_are_not_said_to_have_one(spec):
    rates = Factor(name="a", levels={"x": (), "y": ("optimizer.lr=0.1",)}, reference="x")
    untuned = replace(spec, tune=None, factors=(rates,), settings={"optimizer": {"lr": 0.002}})
    assert tuning_notes(untuned, None) == ("Untuned: no setting was chosen for each arm.",)


def test_what_was_chosen_is_found_by_levels_and_its_edges_are_said(spec, points):
    tuning = tuning_summary(spec, points, [choice(0.1, a="y"), choice(0.01, a="x"), choice(0.001, a="gone")])
    assert [dict(arm.levels) for arm in tuning.arms] == [{"a": "x"}, {"a": "y"}], "in the order of the design"
    assert (tuning.trials, tuning.pending) == (12, 0)
    chosen = choice_lookup(tuning)
    assert [chosen(point.levels) for point in points] == [{"optimizer.lr": 0.01}, {"optimizer.lr": 0.1}]
    first, edge = tuning_notes(spec, tuning)
    assert "that the choice itself varies is not in them" in first
    assert edge.startswith("At the edge of its grid: lr 0.1, the highest tried, of a=y.")


def test_arms_without_a_choice_are_counted(spec, points):
    tuning = tuning_summary(spec, points, [choice(0.01, a="x")])
    assert tuning_notes(spec, tuning)[1] == "Tuning has not ended: 1 arm without a choice. 'ablate run' goes on."
    assert choice_lookup(tuning)({"a": "y"}) == {}


def test_an_arm_without_any_value_is_named(spec, points):
    tuning = tuning_summary(spec, points, [choice(0.01, a="x"), choice(0.01, values=(None, None), a="y")])
    assert tuning_notes(spec, tuning)[1:] == (
        "No tuning trial ended with a value at any candidate: a=y. The first was taken.",
    )
