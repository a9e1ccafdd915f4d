import io

import pytest
from rich.console import Console

from ablate.report.live.message import error, note


def console(*, terminal, width=40):
    return Console(file=io.StringIO(), force_terminal=terminal, width=width, color_system="auto" if terminal else None)


def test_an_error_is_plain_in_a_log():
    log = console(terminal=False)
    error("Unknown study 'hed'. [bold]Valid[/bold]: core, head. And more, on one line.", log)
    assert log.file.getvalue() == "Error: Unknown study 'hed'. [bold]Valid[/bold]: core, head. And more, on one line.\n"


def test_an_error_is_red_on_a_terminal():
    screen = console(terminal=True)
    error("wrong", screen)
    assert screen.file.getvalue() == "\x1b[1;31mError:\x1b[0m wrong\n"


def test_words_wrap_on_a_terminal_but_a_path_stays_whole():
    screen = console(terminal=True)
    path = "/results/" + "long/" * 20 + "traceback.txt"
    error(f"It failed for a reason that is said in {path} at length.\n\nSecond paragraph.", screen)
    lines = screen.file.getvalue().splitlines()
    assert path in lines
    assert lines[-2:] == ["", "Second paragraph."]


@pytest.mark.parametrize("say", [error, note])
def test_messages_go_to_standard_error(say, capsys):
    say("something")
    found = capsys.readouterr()
    assert found.out == ""
    assert found.err.endswith(": something\n")
