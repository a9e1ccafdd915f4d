import pytest
from rich.cells import cell_len

from ablate.report.screen.forest import MIN_PLOT_CELLS, Row, forest


def text(lines):
    return ["".join(span.text for span in line).rstrip() for line in lines]


def row(label="head: gap vs fc", point=-0.3, low=-0.4, high=-0.2, **more):
    return Row(label=label, short=label.rpartition(": ")[2], points=(point,), low=low, high=high, **more)


def test_what_is_drawn_stands_where_the_axis_says():
    # 0 to 20 over 21 columns after the label and its gap: a column for each whole number.
    first, ruler, numbers = text(forest([row("a", 5.0, 3.0, 20.0)], 24))
    assert first == "a  │  ├─●──────────────┤"
    assert ruler == "   ┴─────────┴─────────┴"
    assert numbers == "   0         10       20"


def test_zero_and_the_margin_are_drawn_behind_the_interval():
    inside, outside, *_ = text(forest([row("a", 0, -1, 1, margin=2.0), row("b", -4, -5, -3, margin=2.0)], 11))
    assert inside == "a     ░├●┤░"
    assert outside == "b  ├●┤░░│░░"


def test_an_interval_over_zero_crosses_its_line():
    first, *_ = text(forest([row("a", 3.0, -5.0, 5.0)], 14))
    assert first == "a  ├────┼──●─┤"


def test_a_point_without_an_interval_and_two_values():
    rows = [
        Row(label="one", short="one", points=(4.0,)),
        Row(label="two", short="two", points=(-6.0, 2.0)),
    ]
    one, two, *_ = text(forest(rows, 18))
    assert one.count("●") == 1
    assert two.count("●") == 2
    assert not {"├", "┤"} & set(one + two)


def test_a_narrow_interval_is_its_point():
    first, *_ = text(forest([row("a", 5.0, 4.9, 5.1), row("b", 10.0, 10.0, 10.0)], 14))
    assert first == "a  │    ●"


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
def test_what_is_not_finite_stays_on_the_plot(value):
    lines = text(forest([row("a", 1.0, -1.0, value), row("b", 1.0, 0.5, 2.0)], 30))
    assert max(map(len, lines)) <= 30


def test_all_zeros_have_an_axis():
    lines = text(forest([row("a", 0.0, None, None)], 30))
    assert "0" in lines[-1]
    assert "●" in lines[0]


def test_numbers_stand_right_and_labels_left():
    rows = [row("head: gap vs fc", numbers="−0.3"), row("init: naive vs he", -0.1, -0.15, 0.1, numbers="−0.1")]
    lines = text(forest(rows, 80))
    assert [line.split()[0] for line in lines[:2]] == ["head:", "init:"]
    assert [line.endswith(end) for line, end in zip(lines, ("−0.3", "−0.1"), strict=False)] == [True, True]
    assert {cell_len(line) for line in lines[:2]} == {80}


def test_little_room_shortens_labels_then_leaves_the_numbers_out():
    rows = [row("hidden_activation: softmax vs relu", numbers="−0.224 [−0.281, −0.166]")]
    assert text(forest(rows, 100))[0].startswith("hidden_activation: softmax vs relu ")
    assert text(forest(rows, 70))[0].startswith("softmax vs relu ")
    assert text(forest(rows, 70))[0].endswith("−0.166]")
    narrow = text(forest(rows, 44))
    assert narrow[0].startswith("softmax vs relu ")
    assert "[" not in narrow[0]
    for width in (40, 44, 60, 70, 80, 100, 160):
        assert all(cell_len(line) <= width for line in text(forest(rows, width)))
        assert len(text(forest(rows, width))[1].strip()) >= MIN_PLOT_CELLS - 2


def test_ascii_is_ascii():
    rows = [row(margin=0.02, numbers="-0.3"), row("b", 0.1, -0.1, 0.2)]
    lines = text(forest(rows, 60, ascii_only=True))
    "".join(lines).encode("ascii")
    assert "[--" in lines[0]
    assert "o" in lines[0].replace("head: gap vs fc", "")


def test_ticks_are_round_numbers_and_do_not_touch():
    for size in (1e-12, 0.003, 0.42, 7.0, 1234.0, 6e8):
        *_, ruler, numbers = text(forest([row("a", -size / 2, -size, size / 3)], 70))
        assert "0" in numbers.split()
        assert len(numbers.split()) == ruler.count("┴")
        for number in numbers.split():
            assert abs(float(number.replace("−", "-"))) <= size


def test_nothing_is_drawn_of_nothing():
    assert forest([], 80) == []
