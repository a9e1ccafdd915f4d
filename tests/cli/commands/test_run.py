"""Which study a request runs, and on what."""

import gzip
import json
import shutil
from pathlib import Path

import pytest

from ablate.store import StudyDirectory

MNIST = Path(__file__).resolve().parents[4] / "shared/data/MNIST/raw"


def only(results: Path) -> StudyDirectory:
    (study,) = results.iterdir()
    return StudyDirectory(study)


def test_a_bare_word_is_a_study(ablate, here, tiny):
    ablate("run", *tiny)
    again = ablate("run", "study=smoke", *tiny[1:])
    assert (again.exit_code, again.stderr) == (0, ""), "nothing is left to train"
    assert len(list((here / "results").iterdir())) == 1


def test_a_comma_sweep_adds_a_factor(ablate, here, tiny):
    result = ablate("run", *tiny, "optimizer.lr=0.01,0.1", "replicates=1", "study.design=factorial", "--format", "json")
    points = [p["levels"] for p in json.loads(result.stdout)["points"]]
    assert points == [
        {"hidden_activation": a, "optimizer.lr": lr} for a in ("relu", "tanh") for lr in ("0.01", "0.1")
    ]  # fmt: skip
    learned = {r.config["optimizer"]["lr"] for r in only(here / "results").contents().records.values()}
    assert learned == {0.01, 0.1}


def test_a_fraction_runs(ablate, here, tiny):
    sweeps = ("model.init=he,xavier", "optimizer.lr=0.01,0.1", "study.design=fractional", "study.resolution=3")
    result = ablate("run", *tiny, *sweeps, "--format", "json")
    assert result.exit_code == 0
    summary = json.loads(result.stdout)
    assert len(summary["points"]) == 4  # 2^(3-1), resolution III
    assert summary["design"] == "fractional"
    assert {len(list(c["paired"]["arm"])) for c in summary["contrasts"]} == {2}


def test_what_diverges_is_a_result(ablate, here, tiny):
    blown = (*tiny, "study.factors=[]", "optimizer=sgd", "optimizer.lr=0.01,1e30", "data.batch_size=5")
    result = ablate("run", *blown)
    assert result.exit_code == 0, result.output
    assert "4 planned: 2 complete, 2 diverged" in result.stdout
    assert "2 diverged" in result.stderr
    records = only(here / "results").contents().records
    again = ablate("run", *blown)
    assert (again.exit_code, again.stderr) == (0, ""), "it is not trained again"
    assert only(here / "results").contents().records == records


def test_where_all_trainings_diverged_the_code_is_1(ablate, here, tiny):
    result = ablate("run", *tiny, "optimizer=sgd", "optimizer.lr=1e30", "data.batch_size=5")
    assert result.exit_code == 1, result.output
    assert "4 planned: 0 complete, 4 diverged" in result.stdout
    assert "All 4 trainings diverged: nothing was learned" in result.stderr


CLAIM = "study.claims=[{contrast: {hidden_activation: [tanh, relu]}, expect: less, margin: 0.01}]"


def test_an_untrained_baseline_is_said_alike_everywhere(ablate, here, tiny):
    """Nothing is learned at a rate of 1e-9, and the command says so wherever the verdict stands."""
    words = (*tiny, CLAIM, "replicates=5", "optimizer.lr=1e-9")
    result = ablate("run", *words, "--format", "json")
    assert result.exit_code == 0, result.output
    (verdict,) = json.loads(result.stdout)["verdicts"]
    assert verdict["outcome"] == "inconclusive"
    assert next(q["name"] for q in verdict["qualifiers"]) == "untrained"
    assert verdict["line"].startswith("inconclusive (untrained): open whether tanh is less than relu, because the")
    assert ablate("run", *words, "--fail-on", "contradicted").exit_code == 0
    assert ablate("run", *words, "--fail-on", "inconclusive").exit_code == 3
    assert "inconclusive (untrained)" in ablate("run", *words).stdout
    (study,) = json.loads(ablate("verdicts", "--format", "json").stdout)
    assert study["verdicts"][0]["line"] == verdict["line"]
    assert "inconclusive (untrained)" in ablate("verdicts", "--format", "markdown").stdout


def test_an_extension_without_a_plan_is_told_with_both_errors(ablate, here, tiny):
    words = (*tiny, CLAIM)
    ablate("run", *words, "replicates=5")
    (verdict,) = json.loads(ablate("run", *words, "replicates=6", "--format", "json").stdout)["verdicts"]
    assert verdict["extended"]["ns"] == [5, 6]
    assert 0.05 < verdict["extended"]["false_support"] == verdict["extended"]["false_contradiction"] < 0.1
    assert "extended" in [q["name"] for q in verdict["qualifiers"]]
    said = f"false contradiction up to {verdict['extended']['false_contradiction']:.3f}"
    assert said in verdict["line"]
    assert said in " ".join(ablate("verdicts").stdout.split())
    rows = ablate("verdicts", "--format", "csv").stdout
    assert "extended_false_contradiction" in rows.splitlines()[0]


@pytest.mark.skipif(not MNIST.is_dir(), reason=f"no MNIST in {MNIST}")
def test_mnist_from_its_files(ablate, here, tiny):
    raw = here / "sets/MNIST/raw"
    raw.mkdir(parents=True)
    for packed in MNIST.glob("*.gz"):
        with gzip.open(packed) as source, (raw / packed.stem).open("wb") as target:
            shutil.copyfileobj(source, target)
    result = ablate("run", *tiny, "data=mnist", "data.root=sets", "data.limit=300", "data.test_size=100")
    assert result.exit_code == 0, result.output
    for record in only(here / "results").contents().records.values():
        assert record.config["data"]["inputs"] == [1, 28, 28]
        counts = record.counts
        assert (counts.train_examples, counts.val_examples, counts.test_examples) == (290, 10, 100)
        assert counts.parameters == 784 * 4 + 4 + 4 * 10 + 10
