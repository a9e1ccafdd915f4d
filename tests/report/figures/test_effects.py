"""Effects: every contrast where it is, and which leave zero out."""

from ablate.report.figures.effects import Effect, effects
from ablate.report.figures.style import PAPER

FOUND = (
    Effect(label="gap vs fc", values=(-0.05,), low=-0.06, high=-0.04, margin=0.02),
    Effect(label="none vs batch", values=(0.01,), low=-0.01, high=0.03),
    Effect(label="two values", values=(0.1, 0.2)),
)


def test_values_intervals_and_margins_stand_where_they_are():
    (axes,) = effects(FOUND, "test/accuracy").axes
    points = [line for line in axes.get_lines() if line.get_marker() == "o"]
    assert [tuple(line.get_xdata()) for line in points] == [(-0.05,), (0.01,), (0.1, 0.2)]
    assert [line.get_markerfacecolor() == PAPER for line in points] == [False, True, True]
    assert [(patch.get_x(), patch.get_width()) for patch in axes.patches] == [(-0.02, 0.04)]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["gap vs fc", "none vs batch", "two values"]
    assert axes.get_xlabel() == "difference in test accuracy"
