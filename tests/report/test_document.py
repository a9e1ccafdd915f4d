"""What the tables hold, whatever they are written in."""

import json
import re
from dataclasses import replace

import pytest

from ablate.analysis.summary import SignFlip
from ablate.config.spec import AnswerText
from ablate.report.document import document
from ablate.report.text.number import NO_BREAK, PAD
from ablate.report.text.point_name import baseline_levels
from ablate.report.text.table import Block, Table


def tables(summary):
    return {item.title.split(":")[0]: item for item in document(summary) if isinstance(item, Table)}


def cells(table):
    """Heading → the cells below it, as they read."""
    headings = [column.heading.replace(NO_BREAK, " ") for column in table.columns]
    columns = zip(*(row for row in table.rows), strict=True)
    return {
        heading: [cell.replace(PAD, "") for cell in column] for heading, column in zip(headings, columns, strict=True)
    }


def test_points_have_means_differences_and_costs(core):
    found = cells(tables(core)["Design points"])
    assert len(found["point"]) == 32
    assert found["point"][:4] == ["baseline", "naive", "softmax", "softmax+naive"]
    assert found["n"] == ["5"] * 32
    delta = found["Δ from baseline [95% t interval]"]
    assert delta[0] == "reference"
    for i, point in enumerate(core.points):
        value, low, high = map(float, re.findall(r"[\d.]+", found["mean [95% t interval]"][i]))
        assert (value, low, high) == pytest.approx((point.mean.value, point.mean.low, point.mean.high), abs=6e-5)
        if i:
            numbers = [float(x.replace("−", "-")) for x in re.findall(r"[−+]?\d[\d.]*", delta[i])]
            change = point.difference.paired.difference
            assert numbers == pytest.approx([change.value, change.low, change.high], abs=6e-4)
    assert found["parameters"][0] == "26.1k"
    assert found["FLOPs"][0] == "1.21M"
    assert found["seconds"][:2] == ["12.3", "12.4"]
    assert found["hidden_activation"][:4] == ["relu", "relu", "softmax", "softmax"]


def test_the_caption_says_what_the_baseline_is(core):
    caption = tables(core)["Design points"].caption
    assert caption[0] == (
        "Baseline: skip_span=two, output_activation=linear, head=fc, hidden_activation=relu, init=he."
    )


def test_a_contrast_has_all_of_its_estimates(single, compare):
    arm, reference = (0.91, 0.93, 0.95, 0.92, 0.97), (0.90, 0.90, 0.96, 0.90, 0.93)
    contrast = compare(arm, reference, {"skip_span": "one"}, {"skip_span": "two"})
    found = cells(tables(replace(single(5), contrasts=(contrast,)))["Contrasts"])
    assert {heading: column[0] for heading, column in found.items()} == {
        "contrast": "skip_span: one vs two",
        "n": "5",
        "Δ [95% t interval]": "+0.018 [−0.006, +0.042]",
        "p, paired t": "0.1045",
        "p, sign-flip": "0.1875",
        "wins/ties/losses": "4/0/1",
        "mean": "0.936",
        "reference mean": "0.918",
        "SD of differences": "0.019",
        "correlation of pairs": "+0.72",
        "P̂(better) [95% Clopper–Pearson interval]": "0.80 [0.28, 0.99]",
        "detectable at 80% power": "0.032",
    }


def test_the_floor_of_the_sign_flip_p_stands_below(core, single, pair, compare):
    assert any("0.0625 at n = 5" in note for note in tables(core)["Main effects"].notes)
    mixed = tuple(
        compare(pair(range(n), [0.5 * i for i in range(n)]), None, {"skip_span": "one"}, {"skip_span": "two"})
        for n in (6, 5, 3)
    )
    notes = " ".join(tables(replace(single(5), contrasts=mixed))["Contrasts"].notes)
    assert "0.0625 at n = 5, 0.0312 at n = 6." in notes


def test_contrasts_of_a_kind_stand_together(core, compare):
    held = {"output_activation": "linear", "head": "gap", "hidden_activation": "relu", "init": "he"}
    simple = compare((0.9, 0.8, 0.7), (0.6, 0.8, 0.5), {"skip_span": "one"}, {"skip_span": "two"}, held, kind="simple")
    found = tables(replace(core, contrasts=(*core.contrasts, simple)))
    assert len(found["Main effects"].rows) == 5
    assert cells(found["Simple effects"])["at"] == ["gap"]
    at_baseline = replace(simple, held=held | {"head": "fc"})
    (effects,) = [t for t in document(replace(core, contrasts=(at_baseline,))) if "Simple" in t.title]
    assert "at" not in cells(effects)
    assert "with the other factors as in the baseline" in effects.caption[0]


def test_where_each_point_puts_one_factor_back_contrasts_are_at_the_point_that_puts_back_none(core, compare):
    reference = baseline_levels(core)
    kept = [sum(point.levels[f] == level for f, level in reference.items()) for point in core.points]
    (whole,) = [point for point, number in zip(core.points, kept, strict=True) if number == 0]
    points = (whole, *(point for point, number in zip(core.points, kept, strict=True) if number == 1))
    held = {factor: level for factor, level in whole.levels.items() if factor != "skip_span"}
    simple = compare((0.9, 0.8, 0.7), (0.6, 0.8, 0.5), {"skip_span": "one"}, {"skip_span": "two"}, held, kind="simple")
    found = tables(replace(core, points=points, contrasts=(*core.contrasts, simple)))["Simple effects"]
    assert "at" not in cells(found)
    assert "with the other factors as in all changed" in found.caption[0]


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_below_five_there_is_no_p(single, n):
    # Even where a summary had one.
    summary = single(n)
    flip = SignFlip(p=0.01, floor=0.01, exact=True)
    given = tuple(replace(c, paired=replace(c.paired, p=0.01, sign_flip=flip)) for c in summary.contrasts)
    text = str(document(replace(summary, contrasts=given)))
    assert "p, paired" not in text
    assert "sign-flip" not in text
    assert "0.0100" not in text


def test_one_value_is_a_value(single):
    found = cells(tables(single(1))["Design points"])
    assert found["value"] == ["0.9697", "0.9543", "0.9511"]
    assert found["Δ from baseline"] == ["reference", "−0.0154", "−0.0186"]


def test_two_values_are_both_given(single):
    found = tables(single(2))
    assert cells(found["Design points"])["both values"] == ["0.9743, 0.9701", "0.9473, 0.9516", "0.9583, 0.9552"]
    assert cells(found["Contrasts"])["Δ"] == ["−0.0271, −0.0185", "−0.0160, −0.0149"]
    assert cells(found["Contrasts"])["arm"] == ["0.9473, 0.9516", "0.9583, 0.9552"]
    assert cells(found["Contrasts"])["reference"] == ["0.9743, 0.9701"] * 2
    assert "interval" not in str(found)


@pytest.mark.parametrize("n", [3, 4])
def test_three_and_four_have_an_interval_and_their_values(single, n):
    summary = single(n)
    found = tables(summary)
    assert "mean [95% t interval]" in cells(found["Design points"])
    assert cells(found["Design points"])["values"][0].count(",") == n - 1
    (listed,) = [note for note in found["Contrasts"].notes if note.startswith("skip_span: one vs two: differences")]
    shown = dict(re.findall(r"(\d): ([−+][\d.]+\d)", listed))
    differences = summary.contrasts[0].paired.differences
    assert list(shown) == [str(replicate) for replicate in range(n)]
    assert [float(x.replace("−", "-")) for x in shown.values()] == pytest.approx(differences, abs=6e-4)


def test_from_five_the_values_are_not_listed(single):
    assert "values" not in cells(tables(single(5))["Design points"])


def test_divergence_failures_and_what_is_missing_are_said(troubled):
    found = tables(troubled)
    points = cells(found["Design points"])
    assert points["n"] == ["6", "6", "5 of 6"]
    assert points["diverged k/n [95% Clopper–Pearson interval]"] == [
        "0/6 [0.00, 0.46]",
        "1/6 [0.00, 0.64]",
        "0/6 [0.00, 0.46]",
    ]
    notes = found["Contrasts"].notes
    assert "skip_span: one vs two: diverged trials: 1 of the arm, 0 of the reference." in notes
    (survivors,) = [note.replace(NO_BREAK, " ") for note in notes if "survivors only" in note]
    assert survivors == (
        "skip_span: one vs two: survivors only: n = 5, Δ −0.030 [−0.056, −0.004] (95% t interval), "
        "paired t p 0.0341, sign-flip p 0.0625 (floor 0.0625), 0 wins, 0 ties, 5 losses."
    )
    assert "skip_span: none vs two: 1 of 6 replicates left out: a partner is missing." in notes
    assert "skip_span: none vs two: all 5 differences are equal: no interval, no p." in notes
    failures = cells(found["Trials that did not complete"])
    assert failures["trial"] == ["3f9a2c71d0e4", "77aa01bc9d2e"]
    assert failures["point"] == ["skip_span=one", "skip_span=none"]
    assert failures["replicate"] == ["0", "5"]
    assert failures["state"] == ["diverged", "failed"]
    assert failures["error"][0] == "the loss left its bounds at step 12: 3.4e+38"
    assert failures["traceback"] == ["–", "trials/77aa01bc9d2e/traceback.txt"]


def test_pairs_that_correlate_negatively_have_the_welch_line(single, compare):
    arm, reference = (0.91, 0.93, 0.95, 0.92, 0.97), (0.96, 0.93, 0.90, 0.94, 0.89)
    contrast = compare(arm, reference, {"skip_span": "one"}, {"skip_span": "two"})
    notes = " ".join(tables(replace(single(5), contrasts=(contrast,)))["Contrasts"].notes).replace(NO_BREAK, " ")
    welch = contrast.paired.welch
    assert f"Δ {welch.value:+.3f} [−{-welch.low:.3f}, +{welch.high:.3f}] (95% Welch interval)" in notes


def test_differences_are_from_the_point_that_they_are_from(single, compare):
    summary = single(5)
    changed = compare(
        summary.points[0].values,
        summary.points[2].values,
        {"skip_span": "two"},
        {"skip_span": "none"},
        kind="point",
    )
    points = tuple(replace(p, difference=changed if p.baseline else None) for p in summary.points)
    found = cells(tables(replace(summary, points=points))["Design points"])
    deltas = found["Δ from skip_span=none [95% t interval]"]
    assert deltas[0].startswith("+0.021 [")
    assert deltas[1:] == ["–", "reference"]


def test_notes_and_scope_are_there(core):
    items = document(core)
    assert items[-1] == Block(title="Notes", lines=(("", core.notes[0]),))
    assert dict(items[0].lines)["scope"] == "training randomness on this data set and budget, not other data sets"


def test_the_baseline_is_shown_as_its_replicates_allow(single):
    def shown(summary):
        return dict(document(summary)[0].lines)

    assert shown(single(1))["baseline"] == "0.9697"
    assert shown(replace(single(2), trivial=0.25))["baseline"] == "0.9743, 0.9701; trivial predictor 0.25"
    points = tuple(replace(point, baseline=False) for point in single(2).points)
    assert "baseline" not in shown(replace(single(2), points=points))
    assert shown(replace(single(2), points=points, trivial=-1.5))["trivial"] == "trivial predictor −1.5"


def test_what_is_said_of_several_tables_stands_once(core, troubled):
    for summary in (core, troubled):
        items = document(summary)
        notes = [note for item in items if isinstance(item, Table) for note in item.notes]
        assert len(notes) == len(set(notes)) > 3
        assert str(items).count("training randomness on this data set") == 1


def test_what_made_the_results_comes_last(core):
    made = replace(core, command="ablate run core", made_by=("150 trainings: torch 2.14", "10 trainings: torch 2.13"))
    assert document(made)[-1].lines == (
        ("command", "ablate run core"),
        ("trained with", "150 trainings: torch 2.14"),
        ("", "10 trainings: torch 2.13"),
    )


def test_the_study_comes_first(core):
    changed = replace(core, complete=150, diverged=3, failed=2, missing=5, trivial=0.1)
    study = document(changed)[0]
    mean = core.points[0].mean
    assert study.title == "core"
    assert dict(study.lines) == {
        "question": core.question,
        "design": "factorial: 32 design points × 5 replicates",
        "response": "test/accuracy, higher is better",
        "trials": "160 planned: 150 complete, 3 diverged, 2 failed, 5 not yet run",
        "baseline": f"{mean.value:.4f}{NO_BREAK}[{mean.low:.4f},{NO_BREAK}{mean.high:.4f}] (95% t interval), n = 5; "
        "trivial predictor 0.1",
        "scope": "training randomness on this data set and budget, not other data sets",
    }


def test_the_data_set_stands_below_the_question(core):
    assert document(replace(core, data="MNIST-1D"))[0].lines[1] == ("data", "MNIST-1D")


def test_a_study_of_which_nothing_has_run_is_shown(core):
    empty = tuple(
        replace(p, values=(), replicates=(), mean=None, sd=None, difference=None, parameters=None, flops=None)
        for p in core.points
    )
    found = tables(replace(core, points=empty, contrasts=()))
    assert cells(found["Design points"])["n"] == ["0 of 5"] * 32
    assert document(replace(core, points=(), contrasts=(), notes=()))[1:] == ()


def test_nothing_is_praised_and_no_plus_minus_is_bare(core, troubled):
    for summary in (core, troubled):
        text = str(document(summary)).lower()
        assert "±" not in text
        assert not re.search(r"\b(best|winner|significant)\b", text)


def test_what_a_study_says_beside_its_answer_stands_in_the_document_and_not_on_the_first_screen(core, written):
    said = replace(core, answer=AnswerText(asked="Is it?", depends="On the norm."))
    markdown = written(said, "markdown")
    assert "- **as asked**: Is it?\n- **depends on**: On the norm.\n" in markdown
    assert "fair because" not in markdown
    assert json.loads(written(said, "json"))["answer"] == {"asked": "Is it?", "fair": "", "depends": "On the norm."}
    assert "Is it?" not in written(said)
