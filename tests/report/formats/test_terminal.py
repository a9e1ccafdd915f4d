"""The tables on a terminal and in a log."""

import io
import re

import pytest
from rich.cells import cell_len

from ablate.report.document import document
from ablate.report.formats.terminal import terminal
from ablate.report.text.number import NO_BREAK, PAD
from ablate.report.text.table import Block, Column, Table

ESCAPE = "\x1b"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def render(summary, width, stream=None):
    return terminal(document(summary), stream or io.StringIO(), width)


def numbers(summary):
    """Every cell that has a digit, as it should read."""
    tables = [item for item in document(summary) if isinstance(item, Table)]
    return {
        (column.instead, cell.replace(PAD, " ").strip())
        for table in tables
        for row in table.rows
        for column, cell in zip(table.columns, row, strict=True)
        if not column.wrap and re.search(r"\d", cell)
    }


@pytest.mark.parametrize("width", [72, 80, 100, 120, 160, 200])
def test_no_line_is_longer_than_the_width(core, troubled, single, width):
    for summary in (core, troubled, *map(single, (1, 2, 3, 5))):
        assert max(map(cell_len, render(summary, width).splitlines())) <= width


@pytest.mark.parametrize("width", [80, 100, 160])
def test_no_number_is_cut_or_left_out(core, troubled, single, width):
    for summary in (core, troubled, *map(single, (1, 2, 3, 5))):
        text = render(summary, width)
        assert "…" not in text
        # The SD of each point is shown where there is room for it.
        assert all(cell in text for instead, cell in numbers(summary) if instead != "spread")


def test_at_160_columns_each_factor_has_its_own(core):
    text = render(core, 160)
    (header,) = [line for line in text.splitlines() if line.startswith("skip_span  output_activation")]
    assert header.split()[:5] == ["skip_span", "output_activation", "head", "hidden_activation", "init"]
    assert re.search(r"^one +relu +gap +softmax +naive +5 ", text, re.MULTILINE)
    assert "continued" not in text


def test_at_80_columns_points_are_named_and_tables_go_on_below(core):
    text = render(core, 80)
    assert re.search(r"^baseline +5 .* reference$", text, re.MULTILINE)
    assert re.search(r"^one\+relu\+gap\+softmax\+naive +5 ", text, re.MULTILINE)
    assert "Design points: test/accuracy (continued)" in text


@pytest.mark.parametrize("width", [80, 160])
def test_decimals_line_up(core, width):
    rows = [line for line in render(core, width).splitlines() if re.search(r" 5  \d\.\d+ \[", line)]
    assert len(rows) == 32
    assert len({line.index("[") for line in rows}) == 1
    assert len({m.start() for line in rows for m in re.finditer(r"\.", line[: line.index("]")])}) == 3


def test_a_log_has_no_escape_codes_and_no_trailing_space(troubled):
    text = render(troubled, 80)
    assert ESCAPE not in text
    assert all(line == line.rstrip() for line in text.splitlines())


def test_a_terminal_has_colour(troubled):
    text = render(troubled, 100, Terminal())
    assert f"{ESCAPE}[1m" in text
    assert f"{ESCAPE}[31mfailed" in text
    assert re.sub(r"\x1b\[[\d;]*m", "", text) == render(troubled, 100)


def test_no_color_is_heeded_on_a_terminal(troubled, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert ESCAPE not in render(troubled, 100, Terminal())


def test_nothing_that_a_cell_says_is_taken_for_markup():
    table = Table(title="[bold]t[/]", columns=(Column(name="a"),), rows=(("[red]x[/red] :smile:",),))
    assert terminal([table], io.StringIO(), 80).splitlines()[0] == "[bold]t[/]"
    assert "[red]x[/red] :smile:" in terminal([table], io.StringIO(), 80)


def test_numbers_stand_right_and_text_left():
    columns = (Column(name="name"), Column(name="count", justify="right"))
    text = terminal([Table(title="t", columns=columns, rows=(("x", "1"),))], io.StringIO(), 80)
    assert text.splitlines()[1:] == ["name  count", "───────────", "x         1"]


def test_blocks_line_up_and_wrap():
    block = Block(title="study", lines=(("question", "does it " * 20), ("", "and so on")))
    lines = terminal([block], io.StringIO(), 60).splitlines()
    assert lines[0] == "study"
    assert lines[1].startswith("  question  does it")
    assert all(line.startswith(" " * 12) for line in lines[2:])
    assert max(map(len, lines)) <= 60


def test_a_stream_without_unicode_still_shows_which_numbers_are_negative(core):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    text = render(core, 100, stream)
    text.encode("ascii")
    assert "?" not in text.replace("net?", "")
    assert "-0.106 [-0.117, -0.095]" in text


def test_our_own_spaces_are_not_shown(core):
    assert not {PAD, NO_BREAK} & set(render(core, 80))
