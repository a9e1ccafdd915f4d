"""Live progress of a study on standard error: a bar on a terminal, a line every few seconds in a log."""

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ablate.plan.seeds import replicate_name
from ablate.report.text.console import console_for
from ablate.report.text.number import Digits
from ablate.report.text.point_name import BASELINE, settings
from ablate.report.text.quantity import counted, duration
from ablate.report.text.visible import visible

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live

LOG_EVERY_S = 5.0
MAX_SHOWN_TRIALS = 5
"""Trials whose responses stand above the bar."""
_BAR_CELLS = 40


@dataclass(frozen=True, kw_only=True)
class _Latest:
    """A trial that has finished; `value` is None where it did not complete."""

    value: float | None
    state: str
    what: str


class Progress:
    """Counts the trials of a study as they finish, and says how long the rest will take.

    A context manager. On a terminal the display is live, and is left as it stands in the end, also by an
    interrupt; elsewhere a plain line is written at most every five seconds, and one at the end.
    """

    def __init__(
        self,
        total: int,
        already: int,
        response: str,
        console: "Console | None" = None,
        clock: Callable[[], float] = time.monotonic,
        *,
        name: Callable[[Mapping[str, str]], str] | None = None,
        noun: str = "trial",
    ) -> None:
        """Shows nothing yet.

        Args:
            total: trials of the study.
            already: of those, what was finished before.
            response: what the values of `finished` are.
            console: default: that of standard error.
            clock: seconds, never backwards.
            name: what a design point is called; default: all of its levels with their factors.
            noun: what is counted.
        """
        self._name = name or (lambda levels: settings(levels) or BASELINE)
        self._total, self._already, self._response = total, already, visible(response)
        self._noun = noun
        self._console = console or console_for(sys.stderr)
        self._clock = clock
        self._done = already
        self._states: dict[str, int] = {}
        self._recent: tuple[_Latest, ...] = ()
        self._expected: float | None = None
        self._started = self._latest = clock()
        self._logged: float | None = None
        self._pending = self._over = False
        self._live: Live | None = None

    def __enter__(self) -> Self:
        self._started = self._latest = self._clock()
        if self._console.is_terminal and not self._console.is_dumb_terminal:
            from rich.live import Live

            # Standard output is left alone: it may go to a file while this display is on a terminal.
            self._live = Live(
                console=self._console, get_renderable=self._display, redirect_stdout=False, vertical_overflow="crop"
            )
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._over = True
        if self._live is not None:
            self._live.stop()
            self._live = None
        elif self._pending:
            self._log()

    def expect(self, seconds: float | None) -> None:
        """Adds the expected duration of a part of the trials; None: it is not known.

        The clock of the first part starts now: the time before it was planning.
        """
        if not self._states:
            self._started = self._latest = self._clock()
        if seconds is not None:
            self._expected = (self._expected or 0.0) + seconds

    def finished(
        self, levels: Mapping[str, str], replicate: int, state: str, value: float | None, seconds: float
    ) -> None:
        """Counts one trial.

        Args:
            levels: of its design point, as many as tell it from the others.
            replicate: its number.
            state: in which it ended.
            value: of the response, if it has one.
            seconds: that its training took.
        """
        self._done += 1
        self._latest = self._clock()
        self._states[state] = self._states.get(state, 0) + 1
        what = f"{replicate_name(replicate)}, {visible(self._name(levels))}, {duration(seconds)}"
        shown = value if state == "complete" else None
        self._recent = (*self._recent, _Latest(value=shown, state=state, what=what))[-MAX_SHOWN_TRIALS:]
        self._pending = True
        if self._live is None and (self._logged is None or self._latest - self._logged >= LOG_EVERY_S):
            self._log()

    def _log(self) -> None:
        from rich.text import Text

        self._logged, self._pending = self._clock(), False
        line = f"{self._status()}; latest: {self._response} {self._lines()[-1]}"
        self._console.print(Text(line), soft_wrap=True)

    def _status(self) -> str:
        """How far it is, how fast it goes and how long it will take."""
        parts = [f"{self._done}/{counted(self._total, self._noun)}"]
        parts += [f"{count} {state}" for state, count in tuple(self._states.items()) if state != "complete"]
        rate = self._rate()
        if rate is not None:
            parts.append(f"{60 * rate:{'.2g' if rate < 1 / 6 else '.0f'}}/min")
        if self._over or self._done >= self._total:
            planned = "" if self._expected is None else f" ({duration(self._expected)} planned)"
            parts.append(f"took {duration(self._latest - self._started)}{planned}")
        elif rate is not None:
            # Counted down from the latest trial: the trials of a bundle finish together, after a long time without any.
            left = (self._total - self._done) / rate - (self._clock() - self._latest)
            parts.append(f"{duration(max(left, 0.0))} left")
        elif self._expected is not None:
            parts.append(f"about {duration(self._expected)}")
        return ", ".join(parts)

    def _rate(self) -> float | None:
        """Trials per second of this session, up to the latest."""
        elapsed = self._latest - self._started
        trained = self._done - self._already
        return trained / elapsed if trained and elapsed > 0 else None

    def _lines(self) -> list[str]:
        """The latest trials, with one number of decimals."""
        digits = Digits.fitting([latest.value for latest in self._recent])
        return [
            f"{latest.state if latest.value is None else digits.number(latest.value)}  {latest.what}"
            for latest in self._recent
        ]

    def _display(self) -> "RenderableType":
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        lines = [Text(self._response, style="dim")] if self._recent else []
        lines += [Text(f"  {line}", style="dim", no_wrap=True, overflow="ellipsis") for line in self._lines()]
        status = Text(self._status(), no_wrap=True, overflow="crop")
        # Not the whole line: a terminal writes ^C there on an interrupt, and a wrapped line cannot be redrawn.
        width = max(min(_BAR_CELLS, self._console.width - len(status) - 6), 4)
        foot = Table.grid(padding=(0, 2, 0, 0))
        foot.add_row(ProgressBar(total=max(self._total, 1), completed=self._done, width=width), status)
        return Group(*lines, foot)
