import pytest

from ablate.config.spec import Factor, Response, StudySpec
from ablate.design import DesignPoint
from ablate.design.point import cell
from ablate.report.live.watch import STUCK_S, watch
from ablate.store.lock import Holder
from ablate.study.watching.watched import Ended, Queue, Status

SPEC = StudySpec(
    name="wide",
    question="Does width matter?",
    design="factorial",
    factors=(Factor(name="width", levels={"4": ("model.width=4",), "8": ("model.width=8",)}, reference="4"),),
    response=Response(name="test/accuracy", better="higher"),
    replicates=2,
    seed=7,
    settings={},
    directory="wide",
    request=("wide", "replicates=2", "results_dir=elsewhere"),
)
POINTS = tuple(DesignPoint(levels={"width": width}) for width in ("4", "8"))
KEYS = [(cell(point.levels), replicate) for replicate in range(2) for point in POINTS]
DRIVER = Holder(pid=123, host="far away", since="2026-01-01T00:00:00+00:00")


class Killed(Holder):
    """A driver that is gone."""

    @property
    def has_died(self) -> bool:
        return True


@pytest.fixture
def watched(clock, log):
    """What is written while a study is read again and again; each reading comes ten seconds after the one before."""

    def made(*readings, console=log, every=10.0):
        waited: list[float] = []
        each = iter([*readings])

        def wait(seconds):
            waited.append(seconds)
            clock.now += every

        watch(lambda: next(each), title="wide", console=console, clock=clock, wait=wait)
        assert len(waited) == len(readings) - 1, "it ends as soon as the study is over"
        return waited

    return made


def status(*ended, **changes):
    given = {"is_reset": False, "queue": None, "tuning": None, "driver": DRIVER, "unreadable": 0, "is_over": False}
    return Status(spec=SPEC, points=POINTS, ended=ended, **(given | changes))


def ended(number, at, value=0.5, state="complete"):
    return Ended(key=KEYS[number], state=state, value=value, seconds=3.0, at=at)


def queued(numbers, at, *, seconds=60.0, workers=1):
    return Queue(bundles=tuple((KEYS[n],) for n in numbers), workers=workers, seconds=seconds, at=at)


OVER = status(driver=None, is_over=True)


def test_a_log_has_the_pace_and_who_trains_it(watched, clock, log, text):
    queue = queued([0, 1, 2, 3], at=60.0)
    watched(
        status(ended(0, 80.0), is_reset=True, queue=queue),
        status(queue=queue),
        status(ended(1, 100.0), ended(2, 120.0), ended(3, 140.0, 0.75), queue=None, driver=None, is_over=True),
    )
    first, *_, last = text(log).splitlines()
    assert first == (
        "wide: 1/4 trials, 3/min, 40 s so far, 40 s left (60 s planned); latest: test/accuracy 0.5000  replicate 0, "
        "baseline, 3.0 s; trained by process 123 on far away; last trial 20 s ago"
    )
    assert last == (
        "4/4 trials, 3/min, took 80 s (60 s planned); latest: test/accuracy 0.7500  replicate 1, width=8, 3.0 s"
    )


def test_a_terminal_shows_the_board_until_the_study_is_over(watched, clock, screen, text):
    out = screen(width=80)
    queue = queued([0, 1, 2, 3], at=90.0, workers=2)
    watched(
        status(ended(0, 98.0), is_reset=True, queue=queue),
        status(ended(1, 105.0, state="diverged", value=None), queue=queue),
        status(ended(2, 115.0), ended(3, 116.0), queue=None, driver=None, is_over=True),
        console=out,
    )
    lines = text(out).splitlines()
    assert lines[-6:-1] == [
        "wide  █ 3 complete  ! 1 diverged",
        "design point  trials   test/accuracy, latest first",
        "baseline      ██  2/2  0.5000  0.5000",
        "width=8       !█  2/2  0.5000",
        "last: 0.5000  replicate 1, width=8, 3.0 s",
    ]
    assert lines[-1].endswith("  4/4 trials, 9.2/min, took 26 s (60 s planned)")


def test_what_is_read_anew_replaces_what_was_shown(watched, clock, log, text):
    watched(
        status(ended(0, 50.0), ended(1, 51.0), is_reset=True),
        status(ended(0, 50.0), is_reset=True, queue=queued([1], at=105.0)),
        OVER,
        every=100.0,
    )
    lines = text(log).splitlines()
    assert lines[0].startswith("wide: 2/4 trials, preparing")
    assert lines[-1].startswith("1/4 trials")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"driver": DRIVER, "queue": None}, "preparing: networks are built and timed"),
        ({"driver": DRIVER, "tuning": (3, 24)}, "0/4 trials, tuning: 3/24 trials of this rung"),
        (
            {"driver": None},
            "nothing trains it; to go on: ablate run wide replicates=2 results_dir=elsewhere",
        ),
        ({"driver": None, "queue": queued([0, 1], at=90.0)}, "trained by submitted jobs"),
        (
            {"driver": Killed(pid=123, host="here", since="")},
            "process 123, which trained it, is gone; to go on: ablate run wide replicates=2 results_dir=elsewhere",
        ),
        ({"unreadable": 2}, "2 records cannot be read: 'ablate run' sets aside what is damaged"),
    ],
)
def test_it_says_what_is_done_and_by_whom(watched, log, text, changes, said):
    watched(status(is_reset=True, **changes), OVER)
    assert said in text(log).splitlines()[0]


def test_a_study_that_may_be_stuck_says_when_the_last_trial_ended(watched, clock, log, text):
    queue = queued([0, 1, 2, 3], at=clock.now - 30)
    given = {"is_reset": True, "queue": queue}
    late = clock.now + STUCK_S
    clock.now += 2 * STUCK_S
    watched(status(ended(0, late - 600), ended(1, late - 590), **given), OVER)
    assert "no trial has ended for 20 min, where one ended every 20 s before" in text(log).splitlines()[0]


def test_a_slow_study_is_not_called_stuck(watched, clock, log, text):
    queue = queued([0, 1, 2, 3], at=clock.now - 6000)
    clock.now += 2 * STUCK_S
    watched(status(ended(0, 100.0), is_reset=True, queue=queue), OVER)
    assert "last trial 20 min ago" in text(log).splitlines()[0]


def test_what_a_file_says_cannot_steer_the_terminal(watched, log, text):
    hostile = Holder(pid=1, host="\x1b[2Jgone\nError: no", since="")
    watched(status(is_reset=True, driver=hostile), OVER)
    assert "\x1b" not in log.file.getvalue()
    assert "process 1 on \\x1b[2Jgone Error: no" in text(log).splitlines()[0]


def test_a_reading_that_takes_long_is_made_less_often(clock, log):
    waited: list[float] = []
    readings = iter([status(is_reset=True), status(), OVER])

    def slow():
        clock.now += 3.0
        return next(readings)

    watch(slow, title="wide", console=log, clock=clock, wait=waited.append)
    assert waited == [1.0, pytest.approx(30.0)]


def test_an_interrupt_leaves_what_was_shown(clock, screen, text):
    out = screen()

    def interrupt(_):
        raise KeyboardInterrupt

    first = status(ended(0, 98.0), is_reset=True, queue=queued([1], at=90.0))
    with pytest.raises(KeyboardInterrupt):
        watch(lambda: first, title="wide", console=out, clock=clock, wait=interrupt)
    assert "1/4 trials" in text(out).splitlines()[-1]
