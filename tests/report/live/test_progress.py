import re
import sys

import pytest

from ablate.report.live.progress import LOG_IDLE_S, Progress

SHOW_CURSOR, HIDE_CURSOR = "\x1b[?25h", "\x1b[?25l"


@pytest.fixture
def progress(board, clock):
    """The progress of a study of one design point with so many trials, on a console."""

    def made(trials, console, *, response="test/accuracy", already=0, **changes):
        trained = board(["head=gap"], trials)
        for replicate in range(already):
            trained.end(("head=gap", replicate), "complete", 0.5)
        return Progress(trained, title="head", response=response, console=console, clock=clock, **changes)

    return made


def train(progress, clock, count, every, *, first=0, **changes):
    for replicate in range(first, first + count):
        clock.now += every
        given = {"state": "complete", "value": 0.91234} | changes
        progress.finished(("head=gap", replicate), name=f"replicate {replicate}, head=gap", seconds=12.0, **given)
        progress.log_if_due()


def test_a_log_has_a_line_at_the_start_every_five_seconds_and_the_last(progress, clock, log, text):
    with progress(100, log) as shown:
        shown.expect(200.0)
        train(shown, clock, 10, 1.0)
        assert len(text(log).splitlines()) == 4
        for replicate in range(10, 20):  # a bundle, whose trials end together
            shown.finished(("head=gap", replicate), "complete", 0.5, "one of them", seconds=12.0)
    lines = text(log).splitlines()
    assert lines[:2] == [
        "head: 0/100 trials, preparing: networks are built and timed",
        "0/100 trials, 0.0 s so far, 3.3 min left (3.3 min planned)",
    ]
    assert [line.split(" ")[0] for line in lines[2:]] == ["5/100", "10/100", "20/100"]
    assert lines[2] == (
        "5/100 trials, 60/min, 5.0 s so far, 95 s left (3.3 min planned); latest: test/accuracy 0.9123  replicate 4, "
        "head=gap, 12 s"
    )
    assert "\x1b" not in log.file.getvalue()


def test_a_log_of_a_long_study_has_fewer_lines(progress, clock, log, text):
    with progress(1000, log) as shown:
        shown.expect(None)
        train(shown, clock, 1000, 10.0)
    assert 100 < len(text(log).splitlines()) < 300


def test_a_minute_without_a_trial_has_a_line_too(progress, clock, log, text):
    with progress(2, log) as shown:
        shown.expect(None)
        shown.log_if_due()
        before = len(text(log).splitlines())
        clock.now += LOG_IDLE_S
        shown.log_if_due()
        shown.log_if_due()
        train(shown, clock, 1, 1.0)
        clock.now += LOG_IDLE_S
        shown.log_if_due()
    lines = text(log).splitlines()[before:]
    assert lines[0] == "0/2 trials, 60 s so far"
    assert lines[1].startswith("1/2 trials, 0.98/min, 2.0 min so far, 1.0 s left; latest:")
    assert len(lines) == 2


def test_the_last_line_is_not_said_twice(progress, clock, log, text):
    with progress(2, log, response="loss") as shown:
        shown.expect(None)
        train(shown, clock, 2, 6.0)
    lines = text(log).splitlines()[1:]
    assert len(lines) == 2
    assert lines[-1].startswith("2/2 trials, 10/min, took 12 s;")


def test_what_was_there_already_counts_but_does_not_make_the_rate(progress, clock, log, text):
    with progress(50, log, already=40) as shown:
        shown.expect(None)
        train(shown, clock, 1, 30.0, first=40)
    assert text(log).splitlines()[1].startswith("41/50 trials, 2/min, 30 s so far, 4.5 min left;")


def test_a_slow_study_has_a_rate_too(progress, clock, log, text):
    with progress(3, log) as shown:
        shown.expect(None)
        train(shown, clock, 1, 1200.0)
    assert "0.05/min, 20 min so far, 40 min left" in text(log)


def test_trials_that_end_otherwise_are_counted_by_state(progress, clock, log, text):
    with progress(9, log, response="loss") as shown:
        shown.expect(None)
        train(shown, clock, 1, 6.0, state="diverged", value=None)
        train(shown, clock, 1, 6.0, first=1, state="failed", value=None)
    last = text(log).splitlines()[-1]
    assert "2/9 trials, 1 diverged, 1 failed," in last
    assert "latest: loss failed  replicate 1" in last


def test_a_terminal_shows_rows_the_latest_trial_and_a_bar(progress, clock, screen, text):
    out = screen()
    with progress(20, out, already=10) as shown:
        shown.expect(30.0, [[("head=gap", r)] for r in range(10, 20)], workers=2)
        for replicate in range(10, 18):
            train(shown, clock, 1, 1.0, first=replicate, value=0.9 + replicate / 1000)
        clock.now += 0.5
        shown._live.refresh()
        live = text(out).splitlines()[-5:]
    assert live[:-1] == [
        "head  █ 18 complete  ▸ 2 under way",
        "design point  trials                       test/accuracy, latest first",
        "head=gap      ██████████████████▸▸  18/20  0.9170  0.9160  0.9150  0.9140",
        "last: 0.9170  replicate 17, head=gap, 12 s",
    ]
    assert live[-1].startswith("━")
    assert live[-1].endswith("  18/20 trials, 60/min, 8.5 s so far, 1.5 s left (30 s planned)")
    assert text(out).splitlines()[-1].endswith("18/20 trials, 60/min, took 8.0 s (30 s planned)")


@pytest.mark.parametrize(("width", "height"), [(80, 24), (160, 50), (50, 8), (20, 5)])
def test_a_large_study_fits_the_terminal(board, clock, screen, text, width, height):
    out = screen(width, height)
    trained = board(1000, 30)
    with Progress(trained, title="large", response="test/accuracy", console=out, clock=clock) as shown:
        shown.expect(None, [[(f"point {n}", r)] for r in range(30) for n in range(1000)], workers=4)
        for n in range(50):
            clock.now += 1
            shown.finished((f"point {n}", 0), "complete", 0.5, f"point {n}", seconds=1.0)
        lines = out.render_lines(shown._display(), pad=False)
        assert len(lines) < height
        assert max(sum(segment.cell_length for segment in line) for line in lines) <= width
        said = ["".join(segment.text for segment in line) for line in lines]
        if height >= 24:
            assert any("more design points" in line for line in said)
            assert any(line.startswith("point 53 ") for line in said), "under way"
            assert any(line.startswith("point 49 ") for line in said), "ended last"
            assert not any(line.startswith("point 0 ") for line in said), "ended long ago"


def test_the_time_left_runs_down_between_trials(progress, clock, screen, text):
    out = screen()
    with progress(20, out) as shown:
        shown.expect(None)
        train(shown, clock, 10, 10.0)
        clock.now += 60
        shown._live.refresh()
        assert "10/20 trials, 6/min, 2.7 min so far, 40 s left" in text(out)


def test_before_the_first_trial_the_time_left_is_that_of_the_plan(progress, clock, screen, text):
    out = screen()
    with progress(20, out) as shown:
        shown.expect(50.0)
        shown.expect(None)
        shown.expect(40.0)
        clock.now += 30
        assert shown._status(with_states=True) == "0/20 trials, 30 s so far, 60 s left (90 s planned)"
        clock.now += 100
        assert shown._status(with_states=True) == "0/20 trials, 2.2 min so far, 90 s planned"


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_interrupt_leaves_the_cursor_and_the_screen_shown(progress, clock, screen, text, error):
    out = screen()
    before = sys.stdout, sys.stderr

    def interrupted():
        with progress(20, out) as shown:
            train(shown, clock, 3, 1.0)
            raise error

    with pytest.raises(error):
        interrupted()
    written = out.file.buffer.getvalue().decode()
    assert HIDE_CURSOR in written
    assert written.rindex(SHOW_CURSOR) > written.rindex(HIDE_CURSOR)
    assert (sys.stdout, sys.stderr) == before
    assert text(out).endswith("\n")
    assert "3/20 trials" in text(out).splitlines()[-1]


def test_where_nothing_has_ended_nothing_is_left(progress, screen):
    out = screen()
    with progress(20, out):
        pass
    written = out.file.buffer.getvalue().decode()
    lines = re.split(r"\x1b\[2K", written)
    assert "0/20 trials" in written
    assert not re.sub(r"\x1b\[[?\d;]*[A-Za-z]|\r", "", lines[-1]).strip(), "every line was erased again"


def test_it_says_how_far_it_came_against_the_plan(progress, clock, log):
    with progress(8, log) as shown:
        assert shown.so_far(2) == "2 of 8 trials are done"
        shown.expect(300.0)
        train(shown, clock, 3, 40.0)
        clock.now += 6
        assert shown.so_far(3) == (
            "3 of 8 trials are done after 2.1 min of 5.0 min planned; about 3.3 min of training is left"
        )


def test_standard_output_is_left_alone(progress, screen, capsys):
    with progress(20, screen()):
        print("a result")
    assert capsys.readouterr().out == "a result\n"


def test_a_dumb_terminal_is_a_log(progress, clock, screen, text, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    out = screen()
    with progress(2, out) as shown:
        train(shown, clock, 1, 1.0)
    assert text(out).count("\n") == 2
    assert "\x1b" not in out.file.buffer.getvalue().decode()


def test_without_unicode_the_screen_is_ascii(progress, clock, screen, text):
    out = screen(encoding="ascii")
    with progress(4, out) as shown:
        shown.expect(None, [[("head=gap", r)] for r in range(4)], workers=1)
        train(shown, clock, 2, 1.0)
        shown._live.refresh()
    assert "head=gap      ##>.  2/4  0.9123" in text(out)


def test_what_was_planned_stands_beside_what_it_took(progress, clock, log, text):
    with progress(4, log) as shown:
        shown.expect(90.0)
        train(shown, clock, 4, 20.0)
    assert "4/4 trials, 3/min, took 80 s (90 s planned)" in text(log)


def test_nothing_is_said_of_a_plan_that_nobody_could_make(progress, clock, log, text):
    with progress(1, log) as shown:
        shown.expect(None)
        train(shown, clock, 1, 20.0)
    assert "planned" not in text(log)
