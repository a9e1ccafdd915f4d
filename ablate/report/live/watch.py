"""A study that trains elsewhere, shown until it is complete."""

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ablate.analysis.notes.origin import command
from ablate.design.point import cell
from ablate.plan.seeds import replicate_name
from ablate.report.live.board import Board, Row
from ablate.report.live.progress import PREPARING, Progress
from ablate.report.text.point_name import PointNames
from ablate.report.text.quantity import counted, duration
from ablate.report.text.visible import visible

if TYPE_CHECKING:
    from rich.console import Console

    from ablate.study.watching.watched import Status

POLL_S, POLL_SHARE = 1.0, 0.1
"""Between two readings of a study: one second, or ten times as long as a reading takes."""
STUCK_S, STUCK_INTERVALS = 600.0, 10.0
"""A study may be stuck if no trial has ended for ten minutes, and for ten times the usual time between two."""


def watch(
    read: Callable[[], "Status"],
    *,
    title: str,
    console: "Console | None" = None,
    clock: Callable[[], float] = time.time,
    wait: Callable[[float], None] = time.sleep,
) -> None:
    """Shows a study until it is over: a screen on a terminal, lines now and then elsewhere.

    Args:
        read: Reads the state of the study.
        title: What the study is called.
        console: Default: that of standard error.
        clock: Seconds since the epoch.
        wait: Waits for so many seconds.

    Raises:
        StoreError: the study cannot be read.
        KeyboardInterrupt: Ctrl-C; the study goes on training.
    """
    status = read()
    shown = Progress(Board([]), title=title, response=status.spec.response.name, console=console, clock=clock)
    watched = _Watch(shown)
    watched.update(status, now=clock())
    pause = POLL_S
    with shown:
        while not status.is_over:
            wait(pause)
            before = clock()
            status = read()
            watched.update(status, now=clock())
            pause = max(POLL_S, (clock() - before) / POLL_SHARE)


class _Watch:
    """Brings what is shown up to date with a study."""

    def __init__(self, shown: Progress) -> None:
        self._shown = shown
        self._names = PointNames([], {})
        self._latest: float | None = None

    def update(self, status: "Status", *, now: float) -> None:
        """Shows what has changed since the last reading."""
        if status.is_reset:
            baseline = {factor.name: factor.reference for factor in status.spec.factors}
            self._names = PointNames([point.levels for point in status.points], baseline)
            self._latest = None
            self._shown.reset(_board(status, self._names))
            if (queue := status.queue) is not None:
                self._shown.expect(queue.seconds, queue.bundles, workers=queue.workers, at=queue.at)
        for ended in status.ended:
            levels, replicate = ended.key
            name = f"{replicate_name(replicate)}, {self._names.of(dict(levels))}"
            self._shown.finished(ended.key, ended.state, ended.value, name, seconds=ended.seconds, at=ended.at)
            self._latest = ended.at
        if status.queue is None:
            self._shown.phase(_phase(status))
        self._shown.notice("; ".join(filter(None, [*self._trained_by(status, now), _unread(status)])))

    def _trained_by(self, status: "Status", now: float) -> Iterator[str]:
        """What trains it, when the last trial ended, and the command that trains the rest if nothing does."""
        if status.is_over:
            return
        driver = status.driver
        if driver is not None and driver.has_died:
            yield f"process {driver.pid}, which trained it, is gone"
        elif driver is not None:
            yield f"trained by process {driver.pid} on {driver.host}"
        else:
            yield "nothing trains it" if status.queue is None else "trained by submitted jobs"
        yield from self._last_trial(status, now)
        if driver.has_died if driver is not None else status.queue is None:
            yield f"to go on: {command(status.spec, with_results_dir=True)}"

    def _last_trial(self, status: "Status", now: float) -> Iterator[str]:
        """How long ago the last trial ended; and the usual time between two, if that is far shorter."""
        began = None if status.queue is None else status.queue.at
        since = max((at for at in (self._latest, began) if at is not None), default=None)
        if since is None:
            return
        per_s = self._shown.pace.per_s
        usual_s = None if per_s is None else 1 / per_s
        if now - since > max(STUCK_S, STUCK_INTERVALS * (usual_s or 0.0)):
            usual = "" if usual_s is None else f", where one ended every {duration(usual_s)} before"
            yield f"no trial has ended for {duration(now - since)}{usual}"
        elif self._latest is not None:
            yield f"last trial {duration(max(now - self._latest, 0.0))} ago"


def _board(status: "Status", names: PointNames) -> Board:
    replicates = range(status.spec.replicates)
    return Board(
        Row(name=visible(names.of(point.levels)), trials=tuple((cell(point.levels), r) for r in replicates))
        for point in status.points
    )


def _phase(status: "Status") -> str:
    """What happens while no trial of the study is scheduled."""
    if status.driver is None or status.driver.has_died:
        return "not training"
    if status.tuning is None:
        return PREPARING
    ended, planned = status.tuning
    return f"tuning: {ended}/{counted(planned, 'trial')} of this rung"


def _unread(status: "Status") -> str:
    if not status.unreadable:
        return ""
    return f"{counted(status.unreadable, 'record')} cannot be read: 'ablate run' sets aside what is damaged"
