"""Live progress of a study on standard error: a screen on a terminal, a line now and then in a log."""

import sys
import time
from collections.abc import Callable, Hashable, Iterable
from threading import Event, RLock, Thread
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ablate.report.live.board import Board
from ablate.report.live.drawing import Drawing
from ablate.report.live.pace import Pace
from ablate.report.text.console import console_for
from ablate.report.text.number import Digits
from ablate.report.text.quantity import counted, duration
from ablate.report.text.visible import visible
from ablate.report.text.wrap import wrap

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live

LOG_EVERY_S, LOG_SHARE = 5.0, 0.02
"""Between two lines of a log on trials that have ended: at least five seconds, and a fiftieth of the time so far."""
LOG_CHECK_S = 1.0
"""Between two checks whether a log needs a line: trials of a bundle end together, and are reported in one line."""
LOG_IDLE_S = 60.0
"""Between two lines of a log while no trial ends."""
PREPARING = "preparing: networks are built and timed"
_BAR_CELLS = 30
_FRAME_LINES = 5
"""Lines of a screen beside the rows: title, last trial, next trials, bar, and the line of the cursor."""
_MAX_NOTICE_LINES = 4


class Progress:
    """Shows a board as trials end, and says how long the rest will take, against the plan.

    A context manager. On a terminal the display is live, and its last state stays, also after an interrupt; if no
    trial has ended, it is removed. Elsewhere lines are written: one at the start, then as trials end, and one each
    minute in which none does.
    """

    def __init__(
        self,
        board: Board,
        *,
        title: str,
        response: str,
        noun: str = "trial",
        console: "Console | None" = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Shows nothing yet.

        Args:
            board: The trials. Only this object changes it from now on.
            title: What the study is called.
            response: What the values of `finished` are.
            noun: What is counted.
            console: Default: that of standard error.
            clock: Seconds; must not run backwards.
        """
        self._board, self._title, self._response = board, visible(title), visible(response)
        self._noun = noun
        self._console = console or console_for(sys.stderr)
        self._clock = clock
        self.pace = Pace(clock())
        """How fast trials have ended since the first training began."""
        self._phase = PREPARING
        self._last: tuple[float | None, str, str] | None = None
        self._notice = ""
        self._logged_at, self._has_title = clock(), False
        self._pending = self._over = self._is_open = False
        self._live: Live | None = None
        self._lock = RLock()
        self._stop = Event()
        self._logging: Thread | None = None

    def __enter__(self) -> Self:
        self._is_open = True
        if self._console.is_terminal and not self._console.is_dumb_terminal:
            from rich.live import Live

            # Standard output is left alone: it may go to a file while this display is on a terminal.
            self._live = Live(
                console=self._console, get_renderable=self._display, redirect_stdout=False, vertical_overflow="crop"
            )
            self._live.start()
        else:
            self._log()
            self._logging = Thread(target=self._log_until_over, name="progress", daemon=True)
            self._logging.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._over = True
        self._stop.set()
        if self._live is not None:
            self._live.transient = self._last is None
            self._live.stop()
            self._live = None
        elif self._pending:
            self._log()
        if self._logging is not None:
            self._logging.join()

    def reset(self, board: Board) -> None:
        """Shows another board, and measures the pace anew."""
        with self._lock:
            self._board, self.pace, self._phase, self._last = board, Pace(self._clock()), PREPARING, None

    def phase(self, text: str) -> None:
        """Says what is done instead of training, such as that networks are built; empty: trials train."""
        with self._lock:
            self._phase = text

    def expect(
        self,
        seconds: float | None,
        bundles: Iterable[Iterable[Hashable]] = (),
        *,
        workers: int = 0,
        at: float | None = None,
    ) -> None:
        """Adds a part of the trials, which begins to train now. Time counts from the start of the first part.

        Args:
            seconds: Its planned duration; None: not known.
            bundles: Its trials, by those that train together, in the order in which they start.
            workers: Bundles that train at the same time, at most.
            at: When it began, by the clock; None: now.
        """
        with self._lock:
            self._board.schedule(bundles, workers=workers)
            self._phase = ""
            self.pace.expect(seconds, self._clock() if at is None else at)
            is_first = not self.pace.trained
        if self._is_open and self._live is None and is_first and seconds is not None:
            self._log()

    def finished(
        self, trial: Hashable, state: str, value: float | None, name: str, *, seconds: float, at: float | None = None
    ) -> None:
        """Counts one trial. One that ended before the first part began does not change the pace.

        Args:
            trial: Its key in the board.
            state: In which it ended.
            value: Of the response, if it has one.
            name: Its replicate and design point.
            seconds: How long its training took.
            at: When it ended, by the clock; None: now.
        """
        with self._lock:
            shown = value if state == "complete" else None
            self._board.end(trial, state, shown)
            self.pace.count(self._clock() if at is None else at)
            self._last = (shown, state, f"{visible(name)}, {duration(seconds)}")
            self._pending = True

    def notice(self, text: str) -> None:
        """Shows a text below the rest, in place of the one before; empty: none."""
        with self._lock:
            self._notice = visible(text)

    def log_if_due(self) -> None:
        """Writes a line to a log if trials have ended since the last line, or a minute has passed without one."""
        with self._lock:
            now = self._clock()
            every = max(LOG_EVERY_S, LOG_SHARE * (now - self.pace.started))
            is_due = now - self._logged_at >= (every if self._pending else max(every, LOG_IDLE_S))
            if is_due and self._live is None:
                self._log()

    def so_far(self, done: int) -> str:
        """The progress against the plan, such as `3 of 8 trials are done after 2.1 min of 5.0 min planned`.

        Args:
            done: Trials that need no further training.
        """
        with self._lock:
            now, pace = self._clock(), self.pace
            said = f"{done} of {counted(self._board.total, self._noun)} are done"
            if self._phase:
                return said
            said += f" after {duration(now - pace.started)}"
            said += "" if pace.planned is None else f" of {duration(pace.planned)} planned"
            left = pace.left(self._board.total - done, now if pace.per_s is None else pace.latest)
            return said if left is None else f"{said}; about {duration(left)} of training is left"

    def _log_until_over(self) -> None:
        while not self._stop.wait(LOG_CHECK_S):
            self.log_if_due()

    def _log(self) -> None:
        from rich.text import Text

        with self._lock:
            self._logged_at, self._pending = self._clock(), False
            latest = "" if self._last is None else f"latest: {self._response} {self._latest()}"
            line = "; ".join(filter(None, [self._status(with_states=True), latest, self._notice]))
            self._console.print(Text(line if self._has_title else f"{self._title}: {line}"), soft_wrap=True)
            self._has_title = True

    def _status(self, *, with_states: bool) -> str:
        """The trials that have ended, the pace, and the time left."""
        board, pace, now = self._board, self.pace, self._clock()
        parts = [f"{board.done}/{counted(board.total, self._noun)}"]
        if with_states:
            parts += [f"{count} {state}" for state, count in board.ended.items() if state != "complete"]
        rate = pace.per_s
        if rate is not None:
            parts.append(f"{60 * rate:{'.2g' if rate < 1 / 6 else '.0f'}}/min")
        planned = "" if pace.planned is None else f"{duration(pace.planned)} planned"
        beside = f" ({planned})" if planned else ""
        if self._over or board.done >= board.total:
            parts += [f"took {duration(pace.latest - pace.started)}{beside}"] if pace.trained else []
        elif self._phase:
            parts.append(self._phase)
        else:
            left = pace.left(board.total - board.done, now)
            parts.append(f"{duration(now - pace.started)} so far")
            parts += [f"{duration(left)} left{beside}"] if left is not None else [planned] if planned else []
        return ", ".join(parts)

    def _latest(self) -> str:
        """The trial that ended last."""
        assert self._last is not None
        value, state, name = self._last
        return f"{state if value is None else Digits.fitting([value]).number(value)}  {name}"

    def _display(self) -> "RenderableType":
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        with self._lock:
            options = self._console.options
            drawing = Drawing(self._board, self._response, width=options.max_width, ascii_only=options.ascii_only)
            below = [drawing.line(f"last: {self._latest()}")] if self._last else []
            below += [line for line in [drawing.next()] if line is not None and not self._over]
            notice = wrap(self._notice, options.max_width).split("\n") if self._notice else []
            below += [drawing.line(line) for line in notice[:_MAX_NOTICE_LINES]]
            lines = [
                drawing.title(self._title),
                *drawing.rows(options.size.height - _FRAME_LINES - min(len(notice), _MAX_NOTICE_LINES)),
                *below,
            ]
            status = Text(self._status(with_states=False), no_wrap=True, overflow="crop")
            # Not the whole line: a terminal writes ^C there on an interrupt, and a wrapped line cannot be redrawn.
            width = max(min(_BAR_CELLS, options.max_width - len(status) - 6), 4)
            foot = Table.grid(padding=(0, 2, 0, 0))
            foot.add_row(ProgressBar(total=max(self._board.total, 1), completed=self._board.done, width=width), status)
            return Group(*lines, foot)
