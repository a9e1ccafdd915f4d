"""Results that another program has trained: the same tables as of a study, always exploratory."""

import csv
from inspect import isfunction

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import ablate
from ablate.errors import AblateError

ROWS = [
    {"width": width, "act": act, "seed": seed, "test/accuracy": 0.8 + 0.001 * width + 0.01 * (seed % 3) + noise}
    for (width, act, seed), noise in zip(
        [(w, a, s) for w in (8, 16) for a in ("relu", "tanh") for s in (3, 4, 5, 6, 7)],
        np.random.default_rng(0).normal(scale=0.003, size=20),
        strict=True,
    )
]
FRAME = pd.DataFrame(ROWS)
ASKED = {"response": "test/accuracy", "factors": ["width", "act"], "replicate": "seed"}


@pytest.fixture(scope="module")
def found():
    return ablate.analyze(
        FRAME, **ASKED, claims=[{"contrast": {"width": [16, 8]}, "expect": "greater", "margin": 0.002}]
    )


@pytest.mark.numeric
def test_a_main_effect_is_the_paired_t_of_the_blocks(found):
    means = FRAME.groupby(["seed", "width"])["test/accuracy"].mean().unstack()
    wanted = stats.ttest_rel(means[16], means[8])
    row = found.contrasts().iloc[0]
    assert row["contrast"] == "width: 16 vs 8"
    assert row["difference"] == pytest.approx((means[16] - means[8]).mean(), rel=1e-12)
    assert row["difference_p"] == pytest.approx(wanted.pvalue, rel=1e-9)
    low, high = wanted.confidence_interval()
    assert (row["difference_low"], row["difference_high"]) == pytest.approx((low, high), rel=1e-9)


def test_every_claim_is_exploratory(found):
    assert found.summary.verdicts == ()
    (verdict,) = found.verdicts
    assert verdict.line.startswith("exploratory: given after 20 trials")
    assert "ablate show" not in str(found)
    assert "Exploratory: the 20 results existed before this analysis" in str(found).replace("\n    ", " ")


def test_its_frames_have_the_columns_of_a_study(found):
    trials = found.trials()
    assert len(trials) == 20
    assert list(trials["width"]) == sorted(FRAME["width"])
    assert trials["test/accuracy"].sum() == pytest.approx(FRAME["test/accuracy"].sum())
    assert set(found.points()["act"]) == {"relu", "tanh"}
    assert "<pre" in found._repr_html_()


def test_a_file_a_mapping_and_a_frame_give_the_same(tmp_path, found):
    FRAME.to_csv(tmp_path / "runs.csv", index=False)
    plain = ablate.analyze(FRAME, **ASKED).summary
    assert ablate.analyze(tmp_path / "runs.csv", **ASKED).summary == plain
    assert ablate.analyze(FRAME.to_dict("list"), **ASKED).summary == plain


def test_the_reference_is_the_first_level_named():
    summary = ablate.analyze(FRAME, **{**ASKED, "factors": {"width": [16, 8], "act": ["tanh", "relu"]}}).summary
    assert summary.contrasts[0].name == "width: 8 vs 16"
    assert [point.levels for point in summary.points if point.baseline] == [{"width": "16", "act": "tanh"}]


def test_an_export_of_weights_and_biases(tmp_path):
    """Columns of its runs' table: names, states, times, and a column for each setting and each last metric."""
    export = FRAME.rename(columns={"test/accuracy": "test_accuracy"}).assign(
        Name=[f"fresh-sun-{number}" for number in range(20)],
        State=["crashed", *["finished"] * 19],
        Created="2026-11-20T10:00:00.000Z",
        Runtime=61,
        Tags="",
        **{"optimizer.lr": 0.01, "_wandb": None},
    )
    export.loc[0, "test_accuracy"] = float("nan")
    export.to_csv(tmp_path / "wandb_export.csv", index=False, quoting=csv.QUOTE_ALL)
    asked = ASKED | {"response": "test_accuracy", "better": "higher"}
    summary = ablate.analyze(tmp_path / "wandb_export.csv", **asked).summary
    assert summary.complete == 19
    assert "1 of 20 rows have no finite test_accuracy, and are left out." in summary.notes
    whole = ablate.analyze(FRAME.drop(index=0), **ASKED).summary
    assert [c.paired.difference for c in summary.contrasts] == [c.paired.difference for c in whole.contrasts]


def test_what_is_not_there_is_left_out_and_said():
    frame = FRAME.copy()
    frame.loc[3, "test/accuracy"] = float("nan")
    summary = ablate.analyze(frame, **ASKED).summary
    assert summary.complete == 19
    assert "1 of 20 rows have no finite test/accuracy, and are left out." in summary.notes
    no_corner = FRAME[~((FRAME["width"] == 16) & (FRAME["act"] == "tanh"))]
    assert ablate.analyze(no_corner, **ASKED).summary.design == "one_at_a_time"


@pytest.mark.parametrize(
    ("frame", "changed", "said"),
    [
        (FRAME, {"response": "test/acuracy"}, r"Unknown column 'test/acuracy'\. Did you mean 'test/accuracy'\?"),
        (FRAME, {"factors": []}, "factors is empty or a text. Name the columns that were varied"),
        (FRAME, {"factors": {"width": [8], "act": ["relu", "tanh"]}}, "lacks the level '16'"),
        (FRAME, {"factors": ["width"]}, "Rows 0 and 5 are both width=8 with seed=3"),
        (FRAME[FRAME["act"] == "relu"], {}, "The column 'act' has one level, 'relu': a factor has two or more"),
        (FRAME.assign(seed=range(20)), {}, "Each value of 'seed' occurs at one design point only"),
        (
            FRAME.assign(score=FRAME["test/accuracy"]),
            {"response": "score"},
            "Is a higher 'score' better, or a lower one",
        ),
        (FRAME.assign(act=[None, *FRAME["act"][1:]]), {}, "Row 0 has no 'act'"),
        (FRAME, {"response": "act", "better": "higher", "factors": ["width"]}, "The column 'act' is not all numbers"),
        ("absent.csv", {}, "absent.csv cannot be read: No such file"),
    ],
)
def test_what_cannot_be_analysed_is_refused_with_what_can(frame, changed, said):
    with pytest.raises(AblateError, match=said):
        ablate.analyze(frame, **{**ASKED, **changed})


def test_it_is_a_function_after_the_rooms_are_imported():
    import ablate.analysis.summary
    import ablate.study

    assert isfunction(ablate.analyze)
