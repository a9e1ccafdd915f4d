import io
import re
import sys

import pytest
from rich.console import Console

from ablate.report.live.progress import MAX_SHOWN_TRIALS, Progress

LEVELS = {"skip_span": "one", "head": "gap"}
SHOW_CURSOR, HIDE_CURSOR = "\x1b[?25h", "\x1b[?25l"


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def log():
    return Console(file=io.StringIO(), force_terminal=False, width=80)


def screen(width=80):
    return Console(file=io.StringIO(), force_terminal=True, width=width, height=24, color_system=None)


def text(console):
    return re.sub(r"\x1b\[[?\d;]*[A-Za-z]", "", console.file.getvalue())


def train(progress, clock, count, every, **changes):
    for replicate in range(count):
        clock.now += every
        given = {"replicate": replicate, "state": "complete", "value": 0.91234, "seconds": 12.0} | changes
        progress.finished(LEVELS, **given)


def test_a_log_has_a_line_every_five_seconds_and_the_last(clock):
    out = log()
    with Progress(100, 0, "test/accuracy", out, clock) as progress:
        train(progress, clock, 10, 1.0)
        assert len(out.file.getvalue().splitlines()) == 2
    lines = out.file.getvalue().splitlines()
    assert [line.split(" ")[0] for line in lines] == ["1/100", "6/100", "10/100"]
    assert lines[1] == (
        "6/100 trials, 60/min, 94 s left; latest: test/accuracy 0.9123  replicate 5, skip_span=one, head=gap, 12 s"
    )
    assert "\x1b" not in out.file.getvalue()


def test_points_may_be_called_by_their_names(clock):
    out = log()
    with Progress(1, 0, "test/accuracy", out, clock, name=lambda levels: "+".join(levels.values())) as progress:
        train(progress, clock, 1, 1.0)
    assert "replicate 0, one+gap, 12 s" in out.file.getvalue()


def test_the_last_line_is_not_said_twice(clock):
    out = log()
    with Progress(2, 0, "loss", out, clock) as progress:
        train(progress, clock, 2, 6.0)
    lines = out.file.getvalue().splitlines()
    assert len(lines) == 2
    assert lines[-1].startswith("2/2 trials, 10/min, took 12 s;")


def test_nothing_is_said_of_nothing(clock):
    out = log()
    with Progress(3, 3, "loss", out, clock):
        pass
    assert out.file.getvalue() == ""


def test_what_was_there_already_counts_but_does_not_make_the_rate(clock):
    out = log()
    with Progress(50, 40, "loss", out, clock) as progress:
        train(progress, clock, 1, 30.0)
    assert out.file.getvalue().startswith("41/50 trials, 2/min, 4.5 min left;")


def test_a_slow_study_has_a_rate_too(clock):
    out = log()
    with Progress(3, 0, "loss", out, clock) as progress:
        train(progress, clock, 1, 1200.0)
    assert "0.05/min, 40 min left" in out.file.getvalue()


def test_trials_that_end_otherwise_are_counted_by_state(clock):
    out = log()
    with Progress(9, 0, "loss", out, clock) as progress:
        train(progress, clock, 1, 6.0, state="diverged", value=None)
        train(progress, clock, 1, 6.0, state="failed", value=None)
    last = out.file.getvalue().splitlines()[-1]
    assert "2/9 trials, 1 diverged, 1 failed," in last
    assert "latest: loss failed  replicate 0" in last


def test_a_terminal_shows_the_latest_trials_and_a_bar(clock):
    out = screen()
    with Progress(20, 10, "test/accuracy", out, clock) as progress:
        for value in range(8):
            train(progress, clock, 1, 1.0, value=0.9 + value / 1000, replicate=value)
    lines = text(out).splitlines()
    assert "18/20 trials, 60/min, took 8.0 s" in lines[-1]
    assert "━" in lines[-1]
    shown = [line for line in lines[-1 - MAX_SHOWN_TRIALS : -1] if "skip_span=one, head=gap" in line]
    assert [line.split()[0] for line in shown] == ["0.9030", "0.9040", "0.9050", "0.9060", "0.9070"]
    assert lines[-2 - MAX_SHOWN_TRIALS].endswith("test/accuracy")


def test_responses_have_one_number_of_decimals(clock):
    out = screen()
    with Progress(20, 0, "loss", out, clock) as progress:
        for value in (0.2, 0.0, 0.05):
            train(progress, clock, 1, 1.0, value=value)
    shown = [line.split()[0] for line in text(out).splitlines()[-4:-1]]
    assert shown == ["0.2000", "0.0000", "0.0500"]


def test_the_time_left_runs_down_between_trials(clock):
    out = screen()
    with Progress(20, 0, "loss", out, clock) as progress:
        train(progress, clock, 10, 10.0)
        clock.now += 60
        progress._live.refresh()
        assert "10/20 trials, 6/min, 40 s left" in text(out)


def test_lines_fit_a_narrow_terminal(clock):
    out = screen(width=50)
    with Progress(200, 0, "test/accuracy", out, clock) as progress:
        train(progress, clock, 3, 1.0)
    assert max(len(line) for line in re.split(r"[\r\n]", text(out))) <= 50


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_interrupt_leaves_the_cursor_shown(clock, error):
    out = screen()
    before = sys.stdout, sys.stderr

    def interrupted():
        with Progress(20, 0, "loss", out, clock) as progress:
            train(progress, clock, 3, 1.0)
            raise error

    with pytest.raises(error):
        interrupted()
    written = out.file.getvalue()
    assert HIDE_CURSOR in written
    assert written.rindex(SHOW_CURSOR) > written.rindex(HIDE_CURSOR)
    assert (sys.stdout, sys.stderr) == before
    assert text(out).endswith("\n")


def test_standard_output_is_left_alone(clock, capsys):
    with Progress(20, 0, "loss", screen(), clock):
        print("a result")
    assert capsys.readouterr().out == "a result\n"


def test_a_dumb_terminal_is_a_log(clock, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    out = screen()
    with Progress(2, 0, "loss", out, clock) as progress:
        train(progress, clock, 1, 1.0)
    assert out.file.getvalue().count("\n") == 1
    assert "\x1b" not in out.file.getvalue()


def test_what_was_planned_stands_beside_what_it_took(clock):
    out = log()
    with Progress(4, 0, "test/accuracy", out, clock) as progress:
        progress.expect(50.0)
        progress.expect(None)
        progress.expect(40.0)
        assert progress._status() == "0/4 trials, about 90 s"
        train(progress, clock, 4, 20.0)
    assert "4/4 trials, 3/min, took 80 s (90 s planned)" in out.file.getvalue()


def test_nothing_is_said_of_a_plan_that_nobody_could_make(clock):
    out = log()
    with Progress(1, 0, "test/accuracy", out, clock) as progress:
        progress.expect(None)
        train(progress, clock, 1, 20.0)
    assert "planned" not in out.file.getvalue()
