"""From YAML to verdict: a LightningModule that scores what was planted in it, trained for real."""

import csv
import io
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from ablate.store import StudyDirectory

MODULE = """
    import pytorch_lightning as pl
    import torch
    from torch.utils.data import DataLoader, TensorDataset


    class Planted(pl.LightningModule):
        # Its replicate decides a large random level, which pairing must take out; its levels, the rest.
        def __init__(self, a: bool = False, b: bool = False, idle: bool = False, effect: float = 1.0):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(1))
            block = torch.randn(()).item()
            own = torch.Generator().manual_seed(int(abs(block) * 1e6) * 8 + 4 * a + 2 * b + idle)
            noise = 0.2 * torch.randn((), generator=own).item()
            self.score = 10 + 3 * block + effect * a + 0.6 * b + 0.8 * (a and b) + noise

        def training_step(self, batch, index):
            return (self.weight - batch[0]).square().mean()

        def test_step(self, batch, index):
            self.log("test/score", self.score)

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.1)


    class One(pl.LightningDataModule):
        def train_dataloader(self):
            return DataLoader(TensorDataset(torch.zeros(1)))

        def test_dataloader(self):
            return DataLoader(TensorDataset(torch.zeros(1)))
"""
STUDY = """
    # @package _global_
    defaults:
      - override /model: planted
      - override /data: one
      - override /objective: none
      - override /optimizer: none
    replicates: {replicates}
    study:
      name: planted
      question: Does what was planted come out?
      design: {design}
      factors: [{factors}]
      response: {{name: test/score, better: higher}}
      {more}
      claims: [{claims}]
    factor:
      a: {{reference: low, levels: {{low: [model.a=false], high: [model.a=true]}}}}
      b: {{reference: low, levels: {{low: [model.b=false], high: [model.b=true]}}}}
      idle: {{reference: low, levels: {{low: [model.idle=false], high: [model.idle=true]}}}}
    trainer: {{max_epochs: 1}}
"""


def claim(factor: str, expect: str, margin: float) -> str:
    return f"{{contrast: {{{factor}: [high, low]}}, expect: {expect}, margin: {margin:g}}}"


@pytest.fixture
def planted(write):
    """Writes the study with these factors and claims; gives the words that run it."""
    write("planted_module.py", MODULE)
    write("conf/model/planted.yaml", "_target_: planted_module.Planted\na: false\nb: false\nidle: false\neffect: 1.0\n")
    write("conf/data/one.yaml", "_target_: planted_module.One\n")

    def study(factors: str, *claims: str, replicates: int = 5, design: str = "factorial", more: str = ""):
        given = {"factors": factors, "claims": ", ".join(claims), "replicates": replicates, "design": design}
        write("conf/study/planted.yaml", STUDY.format(**given, more=more))
        return "run", "planted", "engine=inline"

    return study


@pytest.fixture
def study(here: Path):
    """The one study that there is."""

    def find() -> StudyDirectory:
        (path,) = (here / "results").iterdir()
        return StudyDirectory(path)

    return find


def covers(interval: dict, truth: float) -> bool:
    return interval["low"] < truth < interval["high"]


def test_a_planted_effect_and_a_planted_interaction_come_out_of_a_factorial(planted, ablate):
    words = planted(
        "a, b, idle", claim("a", "greater", 0.5), claim("b", "less", 0.1), claim("idle", "greater", 0.4), replicates=8
    )
    result = ablate(*words, "--format", "json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert found["complete"] == 64

    a, b, idle = found["verdicts"]
    assert (a["outcome"], a["strong"], b["outcome"]) == ("supported", True, "contradicted")
    assert idle["outcome"] == "equivalent", "what does nothing is not supported"
    # The mean of the effect at both levels of the other factor: 1 and 1.8; .6 and 1.4; nothing.
    for verdict, truth in zip((a, b, idle), (1.4, 1.0, 0.0), strict=True):
        assert covers(verdict["interval"], truth)
    main = {c["levels"].popitem()[0]: c["paired"] for c in found["contrasts"] if c["kind"] == "main effect"}
    assert main["a"]["correlation"] > 0.9, "the replicates' levels differ by more than anything else"

    pairs = {tuple(i["factors"]): i for i in found["interactions"]}
    assert {factors for factors, i in pairs.items() if i["notable"]} == {("a", "b")}
    (interaction,) = pairs["a", "b"]["contrasts"]
    assert covers(interaction["paired"]["difference"], 0.8 / 2)
    simple = {
        (next(iter(c["levels"])), next(iter(c["held"].values()))): c["paired"]["difference"]
        for c in pairs["a", "b"]["simple"]
    }
    truths = {("a", "low"): 1.0, ("a", "high"): 1.8, ("b", "low"): 0.6, ("b", "high"): 1.4}
    assert simple.keys() == truths.keys()
    for at, truth in truths.items():
        assert covers(simple[at], truth), at


def test_looks_stop_a_claim_that_is_decided_and_train_on_for_one_that_is_open(planted, ablate, study):
    # Truly `idle` does nothing: no look can support it, and a margin this small is never shown to hold.
    words = planted(
        "a, idle", claim("a", "greater", 0.5), claim("idle", "greater", 0.01),
        replicates=9, design="one_at_a_time", more="looks: [5, 7, 9]",
    )  # fmt: skip
    result = ablate(*words, "--format", "json")
    assert result.exit_code == 0, result.stderr
    a, idle = json.loads(result.stdout)["verdicts"]
    assert (a["outcome"], a["look"], a["n"]) == ("supported", 1, 5)
    assert (idle["outcome"], idle["look"], idle["n"]) == ("inconclusive", 3, 9)
    trained = Counter(tuple(r.levels.values()) for r in study().contents().records.values())
    assert trained == {
        ("high", "low"): 5,
        ("low", "high"): 9,
        ("low", "low"): 9,
    }
    again = ablate(*words)
    assert (again.exit_code, again.stderr) == (0, ""), "the plan is at its end"
    assert "the last look left it open" in " ".join(again.stdout.split())


def test_more_replicates_after_a_look_say_what_that_does_to_alpha(planted, ablate, study):
    words = planted("idle", claim("idle", "greater", 0.05), design="one_at_a_time")
    assert ablate(*words).exit_code == 0
    result = ablate(*words, "replicates=20")
    said = " ".join(result.stdout.split())
    assert "n was extended to 20 after a look at n = 5, without a plan" in said
    (alpha,) = {float(part.split()[0].rstrip(":,")) for part in said.split("with probability up to ")[1:]}
    draws = np.random.default_rng(0).standard_normal((100_000, 20))
    t = [stats.ttest_1samp(draws[:, :n], 0, axis=1).statistic for n in (5, 20)]
    rate = np.mean((t[0] > stats.t.isf(0.05, 4)) | (t[1] > stats.t.isf(0.05, 19)))
    assert alpha == pytest.approx(rate, abs=0.003)
    assert study().frozen().looked == (5,)
    assert "n was extended to 20" in " ".join(ablate("show", "planted").stdout.split())


def test_a_margin_given_later_is_exploratory_everywhere_and_trips_nothing(planted, ablate, study):
    stated, later = claim("a", "greater", 0.5), claim("a", "less", 0.7)
    words = planted("a", stated, design="one_at_a_time")
    assert ablate(*words).exit_code == 0
    planted("a", later, design="one_at_a_time")

    planned = " ".join(ablate("plan", *words[1:]).stdout.split())
    assert "exploratory: given after 10 trials; a: high vs low, less, margin 0.7" in planned
    assert study().frozen().spec.later == (), "a plan writes nothing"

    result = ablate(*words, "--fail-on", "inconclusive")
    assert result.exit_code == 0, "a later claim that is contradicted fails nothing"
    told = " ".join(result.stderr.split())
    assert "Exploratory, because given after 10 trials: a: high vs low, less, margin 0.7" in told
    assert "The claims were frozen in planted/study.yaml before the first trial, and stand" in told
    (kept,) = study().frozen().spec.later
    assert (kept.margin, kept.after) == (0.7, 10)
    assert (
        "added exploratory claim on a: high vs low, less, margin 0.7, after 10 trials" in study().frozen().history[-1]
    )

    planted("a", stated, design="one_at_a_time")  # back to what was frozen: what was tried stays
    for command in (words, ("show", "planted")):
        for format in ("table", "markdown", "latex"):
            text = " ".join(ablate(*command, "--format", format, "--table", "all").stdout.split())
            first, apart = text.index("supported (strong): high is greater"), text.index("given after 10 trials")
            assert first < text.index("given after the first trial") < apart
            assert "contradicted" in text[apart:]
        found = json.loads(ablate(*command, "--format", "json").stdout)
        assert [(v["claim"]["margin"], v["claim"]["after"]) for v in found["verdicts"]] == [(0.5, 0)]
        assert [(v["claim"]["margin"], v["claim"]["after"]) for v in found["later"]] == [(0.7, 10)]
        shown = ablate(*command, "--format", "csv", "--table", "verdicts").stdout
        assert [(r["margin"], r["after"]) for r in csv.DictReader(io.StringIO(shown))] == [("0.5", "0"), ("0.7", "10")]


def test_a_claim_on_the_command_line_is_a_later_one_of_the_same_study(planted, ablate, study):
    words = planted("a", claim("a", "greater", 0.5), design="one_at_a_time")
    assert ablate(*words).exit_code == 0
    before = study().contents()
    assert ablate(*words, f"study.claims=[{claim('a', 'equivalent', 0.3)}]").exit_code == 0
    assert study().contents() == before, "nothing is trained again"
    assert [c.expect for c in study().frozen().spec.later] == ["equivalent"]


def test_what_is_pooled_changes_the_table_and_not_the_study(planted, ablate, study):
    words = planted("a, b, idle", replicates=2, more="pool_above: 2")
    result = ablate(*words, "--format", "json")
    table = json.loads(result.stdout)["variance"]
    assert (table["pooled"], len(table["effects"])) == (["a·b·idle"], 6)
    assert table["residual"]["df"] == 7 + 1, "(8 − 1)(2 − 1), and the pooled one"
    before = study().contents()
    shown = " ".join(ablate(*words, "--table", "variance").stdout.split())
    assert "The residual includes, because the study says so: a·b·idle." in shown

    later = ablate(*words, "study.pool_above=1", "--table", "all")
    assert study().contents() == before, "nothing is trained again"
    said = " ".join(later.stdout.split())
    assert "because the study says so: a·b, a·idle, b·idle, a·b·idle." in said
    assert "That interactions of more than 1 are pooled was decided when 16 trials were there" in said
    assert "added pool_above 2 → 1, after 16 trials" in study().frozen().history[-1]
