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

    from ablate.study.watching.watched import Standing

POLL_S, POLL_SHARE = 1.0, 0.1
"""Seconds between two readings of a study, or ten times as long as a reading takes."""
STUCK_S, STUCK_INTERVALS = 600.0, 10.0
"""A study in which no trial has ended for so long, and for ten times as long as between its trials, may be stuck."""


def watch(
    read: Callable[[], "Standing"],
    *,
    title: str,
    console: "Console | None" = None,
    clock: Callable[[], float] = time.time,
    wait: Callable[[float], None] = time.sleep,
) -> None:
    """Shows a study as it is read, until it is over: a screen on a terminal, lines now and then elsewhere.

    Args:
        read: Reads the study as it stands.
        title: What the study is called.
        console: Default: that of standard error.
        clock: Seconds since the epoch.
        wait: Waits for so many seconds.

    Raises:
        StoreError: the study cannot be read any more.
        KeyboardInterrupt: Ctrl-C; the study trains on.
    """
    standing = read()
    shown = Progress(Board([]), title=title, response=standing.spec.response.name, console=console, clock=clock)
    watched = _Watch(shown)
    watched.update(standing, now=clock())
    pause = POLL_S
    with shown:
        while not standing.is_over:
            wait(pause)
            before = clock()
            standing = read()
            watched.update(standing, now=clock())
            pause = max(POLL_S, (clock() - before) / POLL_SHARE)


class _Watch:
    """Brings what is shown up to date with a study."""

    def __init__(self, shown: Progress) -> None:
        self._shown = shown
        self._names = PointNames([], {})
        self._latest: float | None = None

    def update(self, standing: "Standing", *, now: float) -> None:
        """Shows what has changed since the last reading."""
        if standing.is_anew:
            baseline = {factor.name: factor.reference for factor in standing.spec.factors}
            self._names = PointNames([point.levels for point in standing.points], baseline)
            self._latest = None
            self._shown.reset(_board(standing, self._names))
            if (queue := standing.queue) is not None:
                self._shown.expect(queue.seconds, queue.bundles, at_a_time=queue.at_a_time, at=queue.at)
        for ended in standing.ended:
            levels, replicate = ended.key
            what = f"{replicate_name(replicate)}, {self._names.of(dict(levels))}"
            self._shown.finished(ended.key, ended.state, ended.value, what, seconds=ended.seconds, at=ended.at)
            self._latest = ended.at
        if standing.queue is None:
            self._shown.phase(_phase(standing))
        self._shown.remark("; ".join(filter(None, [*self._trained_by(standing, now), _unread(standing)])))

    def _trained_by(self, standing: "Standing", now: float) -> Iterator[str]:
        """Who trains it, when the last trial ended, and the command that goes on if nobody does."""
        if standing.is_over:
            return
        driver = standing.driver
        if driver is not None and driver.has_died:
            yield f"process {driver.pid}, which trained it, is gone"
        elif driver is not None:
            yield f"trained by process {driver.pid} on {driver.host}"
        else:
            yield "nothing trains it" if standing.queue is None else "trained by submitted jobs"
        yield from self._silence(standing, now)
        if driver.has_died if driver is not None else standing.queue is None:
            yield f"{command(standing.spec, with_results_dir=True)} goes on"

    def _silence(self, standing: "Standing", now: float) -> Iterator[str]:
        """How long ago the last trial ended, and whether that is longer than usual."""
        began = None if standing.queue is None else standing.queue.at
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


def _board(standing: "Standing", names: PointNames) -> Board:
    replicates = range(standing.spec.replicates)
    return Board(
        Row(name=visible(names.of(point.levels)), trials=tuple((cell(point.levels), r) for r in replicates))
        for point in standing.points
    )


def _phase(standing: "Standing") -> str:
    """What is done while no trial of the study is scheduled."""
    if standing.driver is None or standing.driver.has_died:
        return "not training"
    if standing.tuning is None:
        return PREPARING
    ended, planned = standing.tuning
    return f"tuning: {ended}/{counted(planned, 'trial')} of this rung"


def _unread(standing: "Standing") -> str:
    if not standing.unreadable:
        return ""
    return f"{counted(standing.unreadable, 'record')} cannot be read: 'ablate run' sets aside what is damaged"
