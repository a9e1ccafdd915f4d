"""The table of tuning, and what is drawn below it."""

import functools
import re

import pytest

from ablate.analysis.summary import TunedArm
from tests.report.tuned import arm, tried, with_tuning


def cells(shown):
    """What stands within the plots."""
    return "".join(re.findall(r"[│┤](.*)", shown))


@pytest.fixture
def tuned(core):
    """A study whose arms were tuned over four rates, of which two went on."""
    return functools.partial(with_tuning, core)


def test_a_chart_of_each_rung_stands_below_the_table_in_a_terminal_alone(tuned, written):
    summary = tuned(arm({}, (0.3, 0.5, 0.7, 0.75), (0.8, 0.85)), arm({}, (0.4, 0.6, 0.7, 0.2), (0.83, 0.8)))
    shown = written(summary, table="tuning", width=100)
    assert shown.index("Tuning: val/accuracy") < shown.index("val/accuracy over lr at 25% of the budget")
    assert shown.index("at 25% of the budget") < shown.index("val/accuracy over lr at 50% of the budget")
    first, second = shown.split("val/accuracy over lr at ")[1:]
    assert (first.count("●") - 1, first.count("○") - 1, cells(first).count("2")) == (3, 3, 1), "both at .7"
    assert (second.count("●") - 1, second.count("○") - 1) == (2, 2)
    assert "0.001" in second, "those that did not go on keep their place"
    assert "● baseline" in first
    plain = written(summary, table="tuning", width=100, ascii_only=True)
    assert plain.isascii()
    assert plain.count("over lr at") == 2
    for format in ("markdown", "latex", "csv", "json"):
        assert "●" not in written(summary, format, table="tuning")
    assert "| 0.5000 at 25%" in written(summary, "markdown", table="tuning"), "the table has the numbers"


def test_a_training_that_was_lost_is_drawn_below(tuned, written):
    shown = written(tuned(arm({}, (0.3, 0.5, 0.7, None), (0.8, 0.7))), table="tuning", width=100)
    assert "× no value" in shown
    assert shown.count("×") == 2


def test_more_arms_than_marks_take_another_chart(tuned, written):
    shown = written(tuned(*[arm({}, (0.3, 0.5, 0.7, 0.6), (0.8, 0.7)) for _ in range(5)]), table="tuning", width=100)
    assert shown.count("over lr at 25% of the budget") == 2
    assert cells(shown).count("4") == 4 + 2, "four arms with the same values, on both rungs"
    assert cells(shown).count("●") == 4 + 2, "the fifth"


def test_of_several_settings_each_has_a_chart_of_the_best_of_the_others(tuned, written):
    grid = tuple({"optimizer.lr": rate, "optimizer.weight_decay": decay} for rate in (0.01, 0.1) for decay in (0, 0.1))
    made = TunedArm(
        levels={}, chosen=grid[0], trials=8, edges={}, rungs=(tried(grid, (0.1, 0.9, 0.5, 0.4), 1.0),)
    )  # fmt: skip
    settings = ("optimizer.lr", "optimizer.weight_decay")
    shown = written(tuned(made, settings=settings, candidates=grid), table="tuning", width=100)
    assert "val/accuracy over lr at 100% of the budget, the best of the other settings" in shown
    assert "val/accuracy over weight_decay at 100% of the budget, the best of the other settings" in shown
    rate, decay = shown.split("val/accuracy over ")[1:]
    for one in (rate, decay):
        assert one.count("●") - 1 == 2
        assert "0.1000" not in one, "0.9 stands there, though another combination has 0.1"


def test_nothing_is_drawn_where_no_training_has_a_value(tuned, written):
    shown = written(tuned(arm({}, (None,) * 4, (None, None))), table="tuning", width=100)
    assert "over lr at" not in shown
    assert "2 diverged" in shown
