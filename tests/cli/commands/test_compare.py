"""`ablate compare`: two studies, or trials of two codes of one, from disk."""

import csv
import io
import json

import pytest

from ablate.report.formats.registry import FORMATS
from tests.cli.conftest import contents


@pytest.fixture
def two(ablate, here, tiny):
    """Two studies of one seed that differ in the learning rate, in folders of their own."""
    for name, rate in (("slow", 0.001), ("fast", 0.1)):
        done = ablate("run", *tiny, "replicates=3", f"optimizer.lr={rate}", "--results-dir", here / name)
        assert done.exit_code == 0, done.output
    return tuple(str(next((here / name).iterdir()).relative_to(here)) for name in ("slow", "fast"))


def test_two_studies_side_by_side(ablate, here, two):
    before = contents(here)
    shown = ablate("compare", *two)
    assert (shown.exit_code, shown.stderr) == (0, "")
    text = " ".join(shown.stdout.split())
    assert "setting optimizer.lr 0.001 0.1" in text
    assert "3 pairs" in text
    assert "95% t interval" in text
    assert "same seed and splits" in text
    data = json.loads(ablate("compare", *two, "--format", "json").stdout)
    assert (data["a"], data["b"]) == two
    assert [(change["key"], change["a"], change["b"]) for change in data["changes"]] == [
        ("optimizer.lr", "0.001", "0.1")
    ]
    rows = list(csv.DictReader(io.StringIO(ablate("compare", *two, "--format", "csv").stdout)))
    assert [row["kind"] for row in rows] == ["simple", "mean", "mean"]
    differences = [one["difference"]["value"] for one in (*data["effects"], *data["means"])]
    assert [float(row["difference"]) for row in rows] == differences
    trials = [list(csv.DictReader(io.StringIO(ablate("show", path, "--format", "csv").stdout))) for path in two]
    for act, row in zip(("relu", "tanh"), rows[1:], strict=True):
        means = [sum(float(t["test/accuracy"]) for t in side if t["hidden_activation"] == act) / 3 for side in trials]
        assert float(row["difference"]) == pytest.approx(means[1] - means[0], abs=1e-9)
    for format in FORMATS:
        assert ablate("compare", *two, "--format", format).exit_code == 0, format
    assert "| optimizer.lr" in ablate("compare", *two, "--format", "markdown").stdout
    assert contents(here) == before, "nothing is written"


def test_a_study_and_itself(ablate, two):
    text = " ".join(ablate("compare", two[0], two[0]).stdout.split())
    assert "Nothing differs in configuration." in text
    assert "Equal in every pair, within the rounding of single precision: all." in text


def test_mistakes(refused, two):
    assert "Did you mean" in refused("compare", two[0], "smok")
    said = " ".join(refused("compare", two[0]).split())
    assert "All trials in slow/smoke" in said
    assert "Digests of its trials: " in said
    assert "no trials with a digest that begins with 0000" in " ".join(
        refused("compare", f"{two[0]}:0000", two[1]).split()
    )
    assert "Unknown format" in refused("compare", *two, "--format", "yml")


def test_verdicts_stand_side_by_side(ablate, here, tiny, write):
    for name, margin in (("strict", 0.0001), ("lax", 0.9)):
        text = f"""
        # @package _global_
        defaults: [smoke]
        study:
          name: {name}
          claims:
            - {{contrast: {{hidden_activation: [tanh, relu]}}, expect: no_worse, margin: {margin}, why: a test}}
        """
        write(f"conf/study/{name}.yaml", text)
        done = ablate("run", name, *tiny[1:], "replicates=5", "--results-dir", here / name)
        assert done.exit_code == 0, done.output
    places = [str(next((here / name).iterdir()).relative_to(here)) for name in ("strict", "lax")]
    shown = ablate("compare", *places)
    assert shown.exit_code == 0, shown.output
    data = json.loads(ablate("compare", *places, "--format", "json").stdout)
    (pair,) = data["verdicts"]
    for side, place in zip("ab", places, strict=True):
        (verdict,) = json.loads(ablate("show", place, "--format", "json").stdout)["verdicts"]
        assert pair[side]["outcome"] == verdict["outcome"]
        assert pair[side]["interval"] == verdict["interval"]
    assert (pair["a"]["margin"], pair["b"]["margin"]) == ("0.0001", "0.9")
    assert pair["changed"] == (pair["a"]["outcome"] != pair["b"]["outcome"])
    text = " ".join(shown.stdout.split())
    assert f"1 claim with a verdict in both: {'1' if pair['changed'] else 'none'} changed." in text
    assert ("A verdict may change though the effect hardly does" in text) == pair["changed"]
