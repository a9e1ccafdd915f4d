"""Claims that say where they hold, from words to `verdicts`: frozen, judged, shown alike everywhere."""

import csv
import io
import json

import numpy as np
import pytest
from scipy import stats

CROSSED = "{hidden_activation: [tanh, relu], model.init: [xavier, he]}"
CLAIMS = (
    "{contrast: {hidden_activation: [tanh, relu]}, expect: equivalent, margin: 0.3}",
    "{contrast: {hidden_activation: [tanh, relu]}, at: {model.init: [he, xavier]}, expect: equivalent, margin: 50%}",
    f"{{interaction: {CROSSED}, expect: equivalent, margin: 2, scale: logit}}",
    "{at: {hidden_activation: relu, model.init: he}, expect: value, value: 0.2, margin: 0.3}",
)


def words(tiny, *claims):
    """With a hidden layer, and steps that are large enough for the arms to differ."""
    tiny = (*(word for word in tiny if not word.startswith("model.depth")), "model.depth=2", "optimizer.lr=0.05")
    return *tiny, "study.design=factorial", "model.init=he,xavier", "replicates=5", f"study.claims=[{','.join(claims)}]"


@pytest.fixture
def trained(ablate, tiny, here):
    assert ablate("run", *words(tiny, *CLAIMS)).exit_code == 0
    (directory,) = (here / "results").iterdir()
    return directory.name


def test_every_kind_is_judged_from_its_trials_and_shown_alike(ablate, trained):
    shown = json.loads(ablate("show", trained, "--format", "json").stdout)
    (listed,) = json.loads(ablate("verdicts", "--format", "json").stdout)
    assert listed["verdicts"] == shown["verdicts"]
    rows = list(csv.DictReader(io.StringIO(ablate("show", trained, "--table", "verdicts", "--format", "csv").stdout)))
    assert [row["line"] for row in rows] == [v["line"] for v in shown["verdicts"]]
    trials = list(csv.DictReader(io.StringIO(ablate("show", trained, "--table", "trials", "--format", "csv").stdout)))
    cells = {
        (act, init): np.array([
            float(t["test/accuracy"])
            for t in sorted(trials, key=lambda t: int(t["replicate"]))
            if (t["hidden_activation"], t["model.init"]) == (act, init)
        ])
        for act in ("tanh", "relu")
        for init in ("he", "xavier")
    }  # fmt: skip
    at_he, at_xavier = (cells["tanh", init] - cells["relu", init] for init in ("he", "xavier"))
    logit = {key: np.log((20 * y + 0.5) / (20 * (1 - y) + 0.5)) for key, y in cells.items()}
    crossed = logit["tanh", "xavier"] - logit["relu", "xavier"] - logit["tanh", "he"] + logit["relu", "he"]
    found = [v["interval"]["value"] for v in shown["verdicts"]]
    wanted = [(at_he + at_xavier) / 2, at_he, at_xavier, crossed, cells["relu", "he"] - 0.2]
    assert found == pytest.approx([np.mean(d) for d in wanted], abs=1e-6)
    for verdict, d in zip(shown["verdicts"], wanted, strict=True):
        ends = stats.ttest_1samp(d, 0).confidence_interval(verdict["interval"]["level"])
        assert (verdict["interval"]["low"], verdict["interval"]["high"]) == pytest.approx(tuple(ends), abs=1e-6)
    average, *_, value = shown["verdicts"]
    assert average["averaged"] | {"lowest": None, "highest": None} == {
        "factors": ["model.init"],
        "settings": 2,
        "lowest": None,
        "highest": None,
        "cells": 4,
        "at_floor": average["averaged"]["at_floor"],
        "at_ceiling": 0,
    }
    effects = sorted((np.mean(at_he), np.mean(at_xavier)))
    ends = average["averaged"]["lowest"]["value"], average["averaged"]["highest"]["value"]
    assert ends == pytest.approx(effects, abs=1e-6)
    assert average["unseen_collapse"] == pytest.approx(1 - 0.05 ** (1 / 5))
    assert (value["mean_arm"], value["mean_reference"]) == (pytest.approx(cells["relu", "he"].mean(), abs=1e-6), None)
    assert value["trivial"] == pytest.approx(0.1)
    assert set(value["simple"]) == {"1-NN"}
    assert 0 <= value["simple"]["1-NN"] <= 1
    assert float(rows[-1]["simple"]) == value["simple"]["1-NN"]
    assert rows[-1]["simple_predictor"] == "1-NN"
    assert rows[-1]["bayes"] == "", "nobody knows the truth of digits"


def test_the_best_rule_is_shown_where_the_truth_is_known(ablate, here):
    claim = "study.claims=[{contrast: {hidden_activation: [tanh, relu]}, expect: equivalent, margin: 0.3}]"
    words = ("model=mlp", "data=moons", "model.width=4", "model.depth=1", "model.skip_span=0", "trainer.max_epochs=1")
    sizes = ("data.examples=200", "data.val_size=20", "data.test_size=100", "replicates=5", "engine=inline")
    found = json.loads(ablate("run", "smoke", *words, *sizes, claim, "--format", "json").stdout)
    (verdict,) = found["verdicts"]
    assert list(verdict["simple"]) == ["1-NN", "Bayes"]
    assert verdict["simple"]["Bayes"] == pytest.approx(0.971, abs=0.03)
    assert f"Bayes {verdict['simple']['Bayes']:.4g})" in verdict["line"]
    (directory,) = (here / "results").iterdir()
    table = " ".join(ablate("show", directory.name, "--table", "verdicts").stdout.split())
    assert f"On the same splits, Bayes scores {verdict['simple']['Bayes']:.4g}." in table
    rows = list(csv.DictReader(io.StringIO(ablate("verdicts", "--format", "csv").stdout)))
    assert [(row["simple_predictor"], float(row["bayes"])) for row in rows] == [("1-NN", verdict["simple"]["Bayes"])]


def test_the_screen_and_the_lines_say_where(ablate, trained):
    text = " ".join(ablate("show", trained).stdout.split())
    for said in ("at model.init=he", "margin 50%", "margin 2 logit", "over 2 settings:"):
        assert said in text
    lines = " ".join(ablate("verdicts").stdout.split())
    assert "averaged over: 2 settings of model.init, effects" in lines
    assert "(of the baseline's mean)" in lines


def test_a_place_that_is_named_after_the_trials_is_exploratory(ablate, trained, tiny):
    """The same contrast at another place, on another scale, or with the same margin in percent is another claim."""
    later = "{contrast: {hidden_activation: [tanh, relu]}, at: {model.init: he}, expect: equivalent, margin: 0.5}"
    result = ablate("run", *words(tiny, *CLAIMS, later), "--format", "json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert (len(found["verdicts"]), len(found["later"])) == (5, 1)
    assert found["later"][0]["line"].startswith("exploratory: given after 20 trials; ")
    said = " ".join(result.stderr.split())
    assert "hidden_activation: tanh vs relu at model.init=he, equivalent, margin 0.5" in said


def test_the_plan_gives_the_power_of_each(ablate, tiny):
    printed = " ".join(ablate("plan", *words(tiny, *CLAIMS)).stdout.split())
    for said in (
        "hidden_activation: tanh vs relu at model.init=he, equivalent",
        "hidden_activation × model.init: tanh vs relu, xavier vs he, equivalent",
        "hidden_activation=relu, model.init=he: 0.2, value",
        "√2 times that of one",
        "neither is the baseline's mean",
    ):
        assert said in printed
