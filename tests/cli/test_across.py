"""A claim across data sets, from words to every place where it is shown."""

import csv
import io
import json

import numpy as np
import pytest
from scipy import stats

pytestmark = pytest.mark.numeric

FACTOR = """
pair:
  reference: two
  levels:
    two: ["data.classes=[0,1]"]
    three: ["data.classes=[2,3]"]
    four: ["data.classes=[4,5]"]
    five: ["data.classes=[6,7]"]
    six: ["data.classes=[8,9]"]
"""
ACROSS = "{contrast: {hidden_activation: [tanh, relu]}, across: pair, expect: equivalent, margin: 0.3}"
HERE = "{contrast: {hidden_activation: [tanh, relu]}, expect: equivalent, margin: 0.3}"


def words(tiny, *claims, factors="{hidden_activation: [relu, tanh]}, pair", replicates=2):
    kept = [w for w in tiny if not w.startswith(("model.depth", "study.factors"))]
    more = ("model.depth=2", "data.outputs=2", "data.chance=0.5", "optimizer.lr=0.05", f"replicates={replicates}")
    stated = ("study.design=factorial", f"study.factors=[{factors}]")
    return *kept, *more, *stated, f"study.claims=[{','.join(claims)}]"


@pytest.fixture(autouse=True)
def data_sets(here):
    """Five data sets of the user: pairs of digits."""
    (here / "conf" / "factor").mkdir(parents=True)
    (here / "conf" / "factor" / "pair.yaml").write_text(FACTOR)


@pytest.fixture
def trained(ablate, tiny, here):
    result = ablate("run", *words(tiny, ACROSS))
    assert result.exit_code == 0, result.output
    (directory,) = (here / "results").iterdir()
    return directory.name


def test_it_is_judged_over_data_sets_and_shown_alike(ablate, trained):
    shown = json.loads(ablate("show", trained, "--format", "json").stdout)
    (listed,) = json.loads(ablate("verdicts", "--format", "json").stdout)
    assert listed["verdicts"] == shown["verdicts"]
    (verdict,) = shown["verdicts"]
    trials = list(csv.DictReader(io.StringIO(ablate("show", trained, "--table", "trials", "--format", "csv").stdout)))

    def score(act, pair):
        return np.mean([
            float(t["test/accuracy"]) for t in trials if (t["hidden_activation"], t["pair"]) == (act, pair)
        ])  # fmt: skip

    d = np.array([score("tanh", pair) - score("relu", pair) for pair in ("two", "three", "four", "five", "six")])
    assert (verdict["n"], verdict["interval"]["value"]) == (5, pytest.approx(d.mean(), abs=1e-6))
    ends = stats.ttest_1samp(d, 0).confidence_interval(0.9)
    assert (verdict["interval"]["low"], verdict["interval"]["high"]) == pytest.approx(tuple(ends), abs=1e-6)
    assert verdict["claim"]["across"] == "pair"
    assert [effect["difference"]["value"] for effect in verdict["across"]["sets"]] == pytest.approx(
        d.tolist(), abs=1e-6
    )
    rows = list(csv.DictReader(io.StringIO(ablate("show", trained, "--table", "data_sets", "--format", "csv").stdout)))
    assert [float(row["difference"]) for row in rows] == pytest.approx(d.tolist(), abs=1e-6)
    table = " ".join(ablate("show", trained, "--table", "data_sets").stdout.split())
    assert "Over data sets like these, which the verdict is about" in table
    assert "Mean ranks over 5 data sets, 1 is the best: " in table
    paper = " ".join(ablate("show", trained, "--table", "data_sets", "--format", "latex").stdout.split())
    assert "higher is better. n = 2 replicates.}" in paper
    screen = " ".join(ablate("show", trained).stdout.split())
    assert "n = 5 data sets" in screen
    assert "training randomness on these data sets and budget" in screen


def test_a_verdict_takes_data_sets_and_not_replicates(ablate, tiny):
    printed = " ".join(ablate("plan", *words(tiny, ACROSS)).stdout.split())
    assert "n = 5 data sets, margin 1 SD of the data sets' differences" in printed
    few = words(tiny, ACROSS, factors="{hidden_activation: [relu, tanh]}, {pair: [two, three]}", replicates=6)
    printed = " ".join(ablate("plan", *few).stdout.split())
    assert "2 data sets carry no verdict, whatever the number of replicates" in printed


OTHER = ACROSS.replace("across: pair", "across: hidden_activation")


@pytest.mark.parametrize(
    ("claims", "factors", "said"),
    [
        ((ACROSS,), "hidden_activation", "'pair' is no factor of the study"),
        ((OTHER,), "hidden_activation, pair", "set nothing of `data`, and so are no data sets"),
        ((ACROSS.replace("margin: 0.3", "margin: 10%"),), "hidden_activation, pair", "is that of one data set"),
        ((HERE, ACROSS), "hidden_activation, pair", "a verdict takes 5 replicates"),
        ((ACROSS.replace("across", "accross"),), "hidden_activation, pair", "Did you mean"),
    ],
)
def test_bad_input_is_refused_before_anything_is_trained(refused, tiny, claims, factors, said):
    assert said in " ".join(refused("run", *words(tiny, *claims, factors=factors)).split())
