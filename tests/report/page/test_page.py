"""The page of a study: what it says first, that nothing in it is obeyed or loaded, and what it says is missing."""

import html
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from ablate.config.spec import Claim
from ablate.report.page.page import page
from ablate.report.page.source import Source
from ablate.report.tables.kind import Results
from tests.report.judged import judged
from tests.report.tuned import arm, with_tuning

EVIL = '<script>alert("x")</script>'
VOID = {"meta", "br", "link", "img", "input", "hr"}


def source(summary, **more):
    given = {"results": Results(summary=summary, name="core"), "curves": list, "layers": list}
    return Source(**(given | more))


def written(summary, **more):
    return page(source(summary, **more))


@pytest.fixture
def judged_core(core):
    claim = Claim(expect="less", contrast={"head": ("gap", "fc")}, margin=0.02)
    verdicts = (judged(claim, "supported", -0.06, -0.04), judged(claim, "inconclusive", -0.01, 0.03))
    return replace(core, verdicts=verdicts, question="GAP or FC?", trivial=0.1)


class Parsed(HTMLParser):
    """Checks that elements nest; collects ids, links and what is loaded."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.links, self.loaded, self.words = [], [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given["href"]] if tag == "a" else []
        self.loaded += [value for name, value in attrs if name in ("src", "srcset", "data", "action")]
        self.loaded += [given["href"]] if tag == "link" else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "script"):
            self.words.append(data.strip())


def test_the_answer_stands_first_with_its_forest_plot(judged_core):
    text = written(judged_core)
    found = Parsed(text)
    words = [word for word in found.words if word]
    assert words[2] == "GAP or FC?", words[:5]
    assert text.index("supported") < text.index("<svg") < text.index("The study") < text.index("Effects")
    assert text.index("−5.0 points (90% CI −6.0 to −4.0") < text.index("The study")
    assert len(found.ids) == len(set(found.ids)), "each id once, those within figures too"
    assert {link.removeprefix("#") for link in found.links} <= set(found.ids)


def test_nothing_is_loaded_from_elsewhere(judged_core):
    text = written(judged_core)
    assert Parsed(text).loaded == []
    addresses = set(re.findall(r"https?://[^\s\"'<)]+", text))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}, "names of SVG's own"
    assert "@import" not in text
    assert "url(http" not in text


def test_whatever_comes_from_a_study_is_escaped(judged_core):
    point = replace(judged_core.points[1], levels=judged_core.points[1].levels | {"head": EVIL})
    evil = replace(
        judged_core, study=EVIL, question=EVIL, notes=(EVIL,), qualifiers=(EVIL,), command=EVIL,
        data=EVIL, points=(judged_core.points[0], point, *judged_core.points[2:]),
    )  # fmt: skip
    text = written(evil, notes=(EVIL,))
    assert EVIL not in text
    assert html.escape(EVIL, quote=False)[:10] in text
    assert text.count("<script>") == 1, "the page's own"
    Parsed(text)


def test_figures_that_have_nothing_to_show_are_left_out(core):
    text = written(core)
    assert 'id="curves"' not in text
    assert 'id="tuning-curves"' not in text
    rows = [
        {**point.levels, "replicate": 0, "state": "complete", "epoch": epoch, "val/accuracy": epoch / 10}
        for point in core.points
        for epoch in (1, 2)
    ]
    tuned = with_tuning(core, arm({}, (0.3, 0.5, 0.7, 0.75), (0.8, 0.85)))
    text = written(tuned, curves=lambda: rows)
    assert 'id="curves"' in text
    assert 'id="tuning-curves"' in text
    layers = [(core.points[0].levels, {"dead_units": {"end": {"a": 0.1, "b": 0.2}}})]
    named = replace(core, diagnostics=("dead_units",))
    text = written(named, layers=lambda: layers)
    assert "Over depth: dead units" in text
    assert 'id="depth-dead-units"' in text


def test_a_fraction_says_its_design_and_what_it_confounds(core):
    first, *others = core.contrasts
    fraction = replace(core, design="fractional", contrasts=(replace(first, aliases="head + init:norm"), *others))
    text = written(fraction)
    assert "fractional: 32 design points × 5 replicates" in text
    assert "The fraction confounds these effects: head + init:norm." in text


def test_every_table_of_the_document_is_there_and_can_be_sorted(judged_core):
    text = written(judged_core)
    for title in ("Verdicts", "Design points: test/accuracy", "Evidence: test/accuracy"):
        assert f"<summary>{title}</summary>" in text
    assert text.count('<button type="button">') > 10


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"missing": 3, "planned": 30}, "3 not yet run of 30 trials"),
        ({"failed": 1, "timed_out": 2, "planned": 30}, "1 failed, 2 timed out of 30 trials"),
        ({"points": (), "contrasts": ()}, "Nothing has been trained yet"),
    ],
)
def test_an_unfinished_study_says_what_is_missing(core, changes, said):
    text = written(replace(core, **changes))
    assert said in text
    Parsed(text)


def test_a_whole_study_misses_nothing(core):
    assert 'class="missing"' not in written(replace(core, missing=0, failed=0, timed_out=0))


def test_names_keep_their_backslashes(judged_core):
    claim = Claim(expect="less", contrast={"head": (r"a\b", "fc")}, margin=0.02)
    text = written(replace(judged_core, verdicts=(judged(claim, "supported", -0.06, -0.04),)))
    assert r"<code>a\b</code>" in text
