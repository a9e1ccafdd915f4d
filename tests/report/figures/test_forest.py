"""A forest plot shows each claim's difference, interval and margin where they are, and in words."""

import re
import subprocess
import sys
from dataclasses import replace

import pytest

from ablate.analysis.summary import Interval
from ablate.config.spec import Claim, Response
from ablate.report.figures.forest import description, forest
from ablate.report.figures.style import BAND, style
from ablate.report.figures.svg import described, drawn_by, svg
from tests.report.judged import judged

ACCURACY = Response(name="test/accuracy", better="higher", trivial=0.1)


def verdict(low, high, outcome="supported", **claim):
    claim = Claim(expect="less", **{"contrast": {"head": ("gap", "fc")}, "margin": 0.02, **claim})
    return judged(claim, outcome, low, high, strong=high < -claim.margin)


TWO = (verdict(-0.06, -0.04), verdict(-0.01, 0.03, "inconclusive", margin=0.05))


def bands(axes):
    from matplotlib.colors import to_hex

    return [p for p in axes.patches if to_hex(p.get_facecolor()) == BAND]


def test_intervals_points_and_margins_stand_where_they_are():
    (axes,) = forest(TWO, ACCURACY).axes
    lines = [tuple(line.get_xdata()) for line in axes.get_lines()]
    assert lines.count((0, 0)) == 2, "zero, for each claim"
    drawn = [tuple(round(float(x), 9) for x in line) for line in lines]
    assert {(-6.0, -4.0), (-5.0,), (-1.0, 3.0), (1.0,)} <= set(drawn), "in points"
    assert [(p.get_x(), p.get_width()) for p in bands(axes)] == [(-2.0, 4.0), (-5.0, 10.0)]
    low, high = axes.get_xlim()
    assert low < -6 < 5 < high, "all of it is seen"
    assert axes.get_xlabel() == "difference in test accuracy, in points"


def test_each_claim_has_its_label_and_its_outcome():
    (axes,) = forest(TWO, ACCURACY).axes
    texts = [text.get_text() for text in axes.texts]
    assert texts == ["head: gap vs fc", "supported (strong)", "head: gap vs fc", "inconclusive"]


def test_what_is_open_has_a_hollow_point():
    (axes,) = forest(TWO, ACCURACY).axes
    hollow = {line.get_markerfacecolor() != line.get_color() for line in axes.get_lines() if line.get_marker() == "o"}
    assert hollow == {True, False}


def test_claims_on_other_scales_have_an_axis_of_their_own():
    figure = forest((*TWO, verdict(0.2, 0.4, margin=0.3, scale="logit")), ACCURACY)
    assert [axes.get_xlabel() for axes in figure.axes] == [
        "difference in test accuracy, in points",
        "difference in test accuracy, of its logit",
    ]
    first, second = (axes.get_position() for axes in figure.axes)
    assert first.y0 > second.y1, "one below the other"


def test_a_claim_without_an_interval_is_drawn_as_its_point():
    alone = replace(TWO[0], interval=Interval(value=-0.05), outcome="inconclusive")
    (axes,) = forest([alone, replace(TWO[1], interval=None, outcome=None)], ACCURACY).axes
    assert sum(line.get_marker() == "o" for line in axes.get_lines()) == 1


def test_nothing_to_draw_is_refused():
    with pytest.raises(ValueError, match="no verdict"):
        forest((), ACCURACY)


def test_an_svg_has_the_same_bytes_again_and_its_numbers_in_words():
    words = description(TWO, ACCURACY)
    first, again = (svg(forest(TWO, ACCURACY), title="Heads & nets", description=words) for _ in range(2))
    assert first == again
    assert "−5.0 points (90% CI −6.0 to −4.0; n = 5 replicates)" in described(first)
    assert re.fullmatch(r"Matplotlib v[\d.]+.*", drawn_by(first))
    assert "<dc:date>" not in first
    assert ">head: gap vs fc<" in first, "text is text"
    assert first.endswith("</svg>\n")


def test_a_matplotlibrc_changes_nothing_and_nothing_is_left_behind():
    import matplotlib as mpl

    plain = svg(forest(TWO, ACCURACY), title="t", description="d")
    with mpl.rc_context({"font.size": 20, "axes.facecolor": "black", "svg.fonttype": "path", "lines.linewidth": 9}):
        before = dict(mpl.rcParams)
        assert svg(forest(TWO, ACCURACY), title="t", description="d") == plain
        with style():
            assert mpl.rcParams["svg.fonttype"] == "none"
        assert dict(mpl.rcParams) == before


def test_importing_the_room_imports_no_matplotlib():
    code = "import sys, ablate.report.figures.forest, ablate.report.figures.svg; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
