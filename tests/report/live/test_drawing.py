import pytest
from rich.console import Console

from ablate.report.live.drawing import Drawing


@pytest.fixture
def drawn():
    """The lines of a board on a terminal of some width: title, rows, and what is next."""

    def made(board, *, width, room=16, ascii_only=False):
        drawing = Drawing(board, "test/accuracy", width=width, ascii_only=ascii_only)
        below = drawing.next()
        lines = [drawing.title("skip_span"), *drawing.rows(room), *([below] if below else [])]
        console = Console(width=width, color_system=None)
        for line in lines:
            assert len(console.render_lines(line, pad=False)) == 1, f"{line} wraps"
        return [line.plain.rstrip() for line in lines]

    return made


def half_trained(board):
    made = board(["baseline", "head=gap", "depth=4+width=1024+norm=batch+long"], 6)
    made.schedule([[(row.name, r)] for r in range(6) for row in made.rows], workers=2)
    for replicate in range(2):
        for n, row in enumerate(made.rows):
            made.end((row.name, replicate), "complete", 0.9 + n / 100 + replicate / 1000)
    made.end(("baseline", 2), "diverged", None)
    made.end(("head=gap", 2), "failed", None)
    return made


def test_design_points_are_rows_that_fill(board, drawn):
    assert drawn(half_trained(board), width=80) == [
        "skip_span  █ 6 complete  ▸ 2 under way  ! 1 diverged  × 1 failed  · 8 waiting",
        "design point              trials       test/accuracy, latest first",
        "baseline                  ██!▸··  3/6  0.9010  0.9000",
        "head=gap                  ██×···  3/6  0.9110  0.9100",
        "depth=4+widt…=batch+long  ██▸···  2/6  0.9210  0.9200",
        "next: head=gap (3 trials), depth=4+width=1024+norm=batch+long (3 trials), basel…",
    ]


def test_a_wide_terminal_has_room_for_whole_names(board, drawn):
    lines = drawn(half_trained(board), width=160)
    assert lines[4] == "depth=4+width=1024+norm=batch+long  ██▸···  2/6  0.9210  0.9200"
    assert lines[5].endswith("baseline (2 trials)")


def test_without_unicode_it_is_drawn_in_ascii(board, drawn):
    lines = drawn(half_trained(board), width=80, ascii_only=True)
    assert lines[0] == "skip_span  # 6 complete  > 2 under way  ! 1 diverged  x 1 failed  . 8 waiting"
    assert "##!>.." in lines[2]
    assert "\n".join(lines).isascii()


@pytest.mark.parametrize("width", [80, 160])
def test_of_1000_design_points_as_many_as_fit_are_shown_and_the_rest_is_counted(board, drawn, width):
    made = board(1000, 30)
    made.schedule([[("point 990", 0)], [("point 991", 0)], *([(f"point {n}", 0)] for n in range(5))], workers=2)
    for replicate in range(30):
        made.end(("point 500", replicate), "complete", 0.5)
        made.end(("point 2", replicate), "complete", 0.5)
    lines = drawn(made, width=width, room=8)
    assert len(lines) == 1 + 8 + 1
    assert [line.split("  ")[0] for line in lines[2:8]] == [
        *("point 0", "point 1", "point 2", "point 500", "point 990", "point 991"),
    ]
    assert lines[8] == "and 994 more design points: 994 not begun"


def test_many_replicates_share_cells(board, drawn):
    made = board(["a", "b"], 200)
    made.schedule([[("a", 199)]], workers=1)
    for replicate in range(105):
        made.end(("a", replicate), "complete", 0.5)
    made.end(("b", 3), "diverged", None)
    made.end(("b", 199), "complete", 0.5)
    _, _, a, b, *_ = drawn(made, width=80)
    assert "██████████▌········▸  105/200" in a
    assert "!··················▌    2/200" in b


@pytest.mark.parametrize("width", [12, 20, 40])
def test_a_narrow_terminal_has_no_wrapped_line(board, drawn, width):
    assert max(map(len, drawn(half_trained(board), width=width))) <= width


def test_wide_characters_take_two_cells(board, drawn):
    made = board(["幅=八", "b"], 2)
    made.end(("幅=八", 0), "complete", 0.5)
    lines = drawn(made, width=80)
    assert lines[2].startswith("幅=八         █·  1/2")
    assert lines[3].startswith("b             ··  0/2")


def test_no_room_is_no_row(board, drawn):
    assert drawn(board(3, 2), width=80, room=1) == ["skip_span  · 6 waiting"]
