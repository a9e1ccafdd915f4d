import math

import pytest
from rich.cells import cell_len

from ablate.report.text.chart import MAX_PLOT_CELLS, MIN_PLOT_CELLS, PLOT_LINES, SERIES, Series, chart

SETTINGS = ("0.001", "0.01", "0.1")


def drawn(*series, settings=SETTINGS, width=40, low=0.0, high=8.0, **more):
    lines = chart(
        [Series(label=label, values=values) for label, values in series],
        settings,
        ticks=[(high, f"{high:g}"), (low, f"{low:g}")],
        width=width,
        **more,
    )
    return ["".join(span.text for span in line) for line in lines]


def test_a_value_stands_at_its_height_and_its_setting():
    lines = drawn(("a", (0.0, 8.0, 3.0)))
    heights = {column: row for row, line in enumerate(lines[:PLOT_LINES]) for column, c in enumerate(line) if c == "●"}
    assert [heights[column] for column in sorted(heights)] == [8, 0, 5]
    *_, axis, below, legend = lines
    ticks = [column for column, c in enumerate(axis) if c == "┴"][1:]
    assert sorted(heights) == ticks, "above the tick of its setting"
    assert below.split() == list(SETTINGS)
    assert legend.strip() == "● a"
    assert (lines[0].split()[0], lines[PLOT_LINES - 1].split()[0]) == ("8", "0")


def test_neighbours_are_joined_and_a_setting_that_was_not_tried_is_left_out():
    lines = drawn(("a", (0.0, None, 8.0)))
    assert sum(line.count("●") for line in lines[:PLOT_LINES]) == 2
    assert all("·" in line for line in lines[1 : PLOT_LINES - 1]), "joined over it"


def test_what_has_no_value_stands_below_all_values_and_is_not_joined():
    lines = drawn(("a", (math.nan, 8.0, math.nan)))
    assert lines[PLOT_LINES].count("×") == 2
    assert not any("·" in line for line in lines)
    assert "× no value" in lines[-1]


def test_series_that_fall_on_one_place_are_counted():
    lines = drawn(("a", (0.0, 8.0, 8.0)), ("b", (0.0, 8.0, 0.0)), ("c", (0.0, 0.0, 4.0)))
    assert lines[PLOT_LINES - 1].count("3") == 1
    assert lines[0].count("2") == 1
    assert "a number: so many at one place" in lines[-1]


def test_equal_values_are_drawn_in_the_middle():
    lines = drawn(("a", (1.0, 1.0, 1.0)), low=1.0, high=1.0)
    assert lines[PLOT_LINES // 2].count("●") == 3


@pytest.mark.parametrize("width", [30, 40, 80, 200])
def test_it_keeps_to_its_width_and_drops_settings_that_have_no_room(width):
    settings = tuple(f"{0.001 * 1.7**n:.4g}" for n in range(16))
    series = [(f"arm {n}", tuple(float((n + k) % 9) for k in range(16))) for n in range(SERIES)]
    lines = drawn(*series, settings=settings, width=width)
    assert max(map(cell_len, lines)) <= max(width, MIN_PLOT_CELLS + 4)
    assert max(map(cell_len, lines)) <= max(MAX_PLOT_CELLS + 5, width)
    shown = next(line for line in lines if settings[0] in line).split()
    assert shown[0] == settings[0]
    assert shown[-1] == settings[-1]
    assert set(shown) <= set(settings)


def test_in_ascii_all_of_it_is():
    lines = drawn(*[(f"arm {n}", (float(n), math.nan, 8.0)) for n in range(SERIES)], ascii_only=True)
    assert "".join(lines).isascii()
    assert {"o", "x", "v", "w"} <= set("".join(lines[:PLOT_LINES]))
