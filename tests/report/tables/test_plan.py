import io

import pytest

from ablate.report.formats.terminal import terminal
from ablate.report.tables.plan import plan_document

POINTS = ({"span": "two", "head": "fc"}, {"span": "two", "head": "gap"}, {"span": "one", "head": "fc"})


def plan(**changes):
    given = {
        "study": "core",
        "question": "Which choices matter?",
        "design": "one_at_a_time",
        "points": POINTS,
        "baseline_levels": POINTS[0],
        "trials": 15,
        "finished": 4,
        "bundles": 3,
        "parameters": (26122, 1_480_000, None),
        "flops": (1_210_000, 99, 12),
        "seconds": 754.0,
        "estimates": ("span: one vs two", "head: gap vs fc"),
        "cannot": ("any interaction",),
        "notes": ("a note",),
    }
    return plan_document(**(given | changes))


def test_the_study_says_what_would_run_and_what_it_could_tell():
    study, _ = plan()
    assert study.title == "core"
    assert study.lines == (
        ("question", "Which choices matter?"),
        ("design", "one_at_a_time: 3 design points"),
        ("trials", "15: 4 finished, 11 to train in 3 bundles"),
        ("time", "about 13 min"),
        ("can estimate", "span: one vs two"),
        ("", "head: gap vs fc"),
        ("cannot estimate", "any interaction"),
        ("notes", "a note"),
    )


def test_the_data_set_stands_below_the_question():
    assert plan(data="MNIST-1D")[0].lines[:2] == (("question", "Which choices matter?"), ("data", "MNIST-1D"))


def test_nothing_is_left_to_train():
    lines = dict(plan(finished=15, bundles=0, seconds=0.0)[0].lines)
    assert lines["trials"] == "15: 15 finished, nothing to train"
    assert "time" not in lines


def test_what_is_stacked_is_said_and_why_the_rest_is_not():
    lines = plan(stacked=6, alone={"it is too large": 4, "a logger": 1})[0].lines
    start = lines.index(("stacked", "6 of 11 trials (55%)"))
    assert lines[start + 1 : start + 3] == (("", "4 alone: it is too large"), ("", "1 alone: a logger"))
    assert "stacked" not in dict(plan(finished=15, bundles=0, stacked=0)[0].lines)


def test_the_time_may_not_be_known():
    assert dict(plan(seconds=None)[0].lines)["time"] == "not known before a first trial"


def test_each_claim_has_its_outlook():
    lines = plan(claims=("head: 63% of equal arms", "span: 80%"))[0].lines
    start = lines.index(("claims", "head: 63% of equal arms"))
    assert lines[start + 1] == ("", "span: 80%")


def test_points_have_names_levels_and_costs():
    _, points = plan()
    assert [column.name for column in points.columns] == ["point", "span", "head", "parameters", "FLOPs"]
    assert points.rows == (
        ("baseline", "two", "fc", "26.1k", "1.21M"),
        ("head=gap", "two", "gap", "1.48M", "99"),
        ("span=one", "one", "fc", "–", "12"),
    )
    assert points.caption == ("Baseline: span=two, head=fc.",)


def test_one_factor_needs_no_column_of_its_own():
    _, points = plan(
        points=({"span": "two"}, {"span": "one"}),
        baseline_levels={"span": "two"},
        parameters=(1, 2),
        flops=(None, None),
    )
    assert [column.name for column in points.columns] == ["point", "parameters"]


@pytest.mark.parametrize("width", [80, 160])
def test_it_fits_a_terminal(width):
    text = terminal(plan(), io.StringIO(), width)
    assert max(map(len, text.splitlines())) <= width
    assert "11 to train in 3 bundles" in text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"workers": 4}, "about 13 min on 4 workers"),
        ({"workers": 4, "threads": 2}, "about 13 min on 4 workers of 2 threads"),
        ({"workers": 4, "gpus": 2}, "about 13 min on 4 workers on 2 GPUs"),
        ({"workers": 1, "gpus": 1}, "about 13 min on 1 worker on 1 GPU"),
        ({"workers": 2, "gpus": 1, "seconds": None}, "not known before a first trial, on 2 workers on 1 GPU"),
    ],
    ids=str,
)
def test_the_workers_and_their_gpus_are_said(given, said):
    assert dict(plan(**given)[0].lines)["time"] == said
