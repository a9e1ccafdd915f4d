"""A board as lines of a terminal: a row for each design point that fills from left to right, and its last responses."""

from typing import TYPE_CHECKING

from ablate.report.live.board import UNDER_WAY, WAITING, Board
from ablate.report.text.ascii import to_ascii
from ablate.report.text.cut import cut
from ablate.report.text.number import Digits
from ablate.report.text.quantity import counted
from ablate.report.text.wrap import widest

if TYPE_CHECKING:
    from rich.text import Text

COMPLETE, SOME = "complete", "some"
SYMBOLS = {
    COMPLETE: ("█", "#", "green"),
    SOME: ("▌", "+", "green"),
    UNDER_WAY: ("▸", ">", "cyan"),
    "diverged": ("!", "!", "yellow"),
    "timed_out": ("t", "t", "yellow"),
    "failed": ("×", "x", "red"),
    WAITING: ("·", ".", "dim"),
}
"""State → its cell, the same in ASCII, and its colour. `some`: a cell of several trials, of which some are complete."""
_NOTABLE = ("failed", "timed_out", "diverged", UNDER_WAY)
"""A cell of several trials shows the first of these states that one of them is in."""
_GAP = "  "
_MAX_NEXT = 3
"""Design points that are named as next."""
_NAME = "design point"


class Drawing:
    """How a board is drawn on a terminal of some size."""

    def __init__(self, board: Board, response: str, *, width: int, ascii_only: bool) -> None:
        """Measures the columns.

        Args:
            board: What is drawn.
            response: What the values are.
            width: Of the terminal, in cells.
            ascii_only: Whether only ASCII may be used.
        """
        self._board, self._response = board, response
        self._width, self._ascii_only = width, ascii_only
        longest = widest([_NAME, *(row.name for row in board.rows)])
        self._name_width = min(longest, max(len(_NAME), 3 * width // 10))
        self._most = max((len(row.trials) for row in board.rows), default=0)
        self._cells = min(self._most, max(width // 4, 4))

    def title(self, name: str) -> "Text":
        """The study, and how many trials are in which state, each with the symbol that its cells have."""
        from rich.text import Text

        states = [state for state in SYMBOLS if state in self._board.ended]
        counts = {state: self._board.ended[state] for state in states}
        if self._board.under_way:
            counts[UNDER_WAY] = self._board.under_way
        if waiting := self._board.total - self._board.done - self._board.under_way:
            counts[WAITING] = waiting
        said = Text()
        for state in (state for state in SYMBOLS if state in counts):
            said.append(_GAP)
            said.append(*self._cell(state))
            said.append(f" {counts[state]} {state.replace('_', ' ')}")
        room = max(self._width - said.cell_len, len(_NAME))
        return self._one_line(Text.assemble((cut(self._text(name), room, ascii_only=self._ascii_only), "bold"), said))

    def rows(self, room: int) -> "list[Text]":
        """The design points as rows, at most `room` lines: what does not fit is counted."""
        from rich.text import Text

        is_cut = len(self._board.rows) + 1 > room
        numbers, hidden = self._board.shown(room - 1 - is_cut)
        if not numbers:
            return []
        values = [self._board.values(number) for number in numbers]
        digits = Digits.fitting([value for each in values for value in each])
        head = [
            _NAME.ljust(self._name_width),
            "trials".ljust(self._cells + len(_GAP) + len(self._count(self._most, self._most))),
        ]
        head += [f"{self._response}, latest first"] if any(values) else []
        lines = [Text(self._text(_GAP.join(head)), style="dim")]
        for number, found in zip(numbers, values, strict=True):
            line = self._row(number)
            for value in found:
                text = f"{_GAP}{self._text(digits.number(value))}"
                if line.cell_len + len(text) > self._width:
                    break
                line.append(text)
            lines.append(line)
        if hidden.count:
            states = [(hidden.complete, COMPLETE), (hidden.begun, "begun"), (hidden.waiting, "not begun")]
            said = ", ".join(f"{count} {state}" for count, state in states if count)
            lines.append(Text(f"and {counted(hidden.count, 'more design point')}: {said}", style="dim"))
        return [self._one_line(line) for line in lines]

    def next(self) -> "Text | None":
        """Names the next trials; None: all that are scheduled are under way."""
        named: dict[str, int] = {}
        for name, count in self._board.next():
            if name not in named and len(named) == _MAX_NEXT:
                break
            named[name] = named.get(name, 0) + count
        if not named:
            return None
        listed = ", ".join(f"{name} ({counted(count, 'trial')})" for name, count in named.items())
        return self.line(f"next: {listed}")

    def line(self, text: str) -> "Text":
        """A dim line, cut to the width."""
        from rich.text import Text

        return self._one_line(Text(self._text(text), style="dim"))

    def _row(self, number: int) -> "Text":
        from rich.text import Text

        row, states = self._board.rows[number], self._board.states(number)
        name = cut(self._text(row.name), self._name_width, ascii_only=self._ascii_only)
        line = Text(name + " " * (self._name_width - widest([name])) + _GAP)
        cells = min(len(states), self._cells)
        for place in range(cells):
            part = states[place * len(states) // cells : (place + 1) * len(states) // cells]
            line.append(*self._cell(_of_several(part)))
        done = sum(state not in (WAITING, UNDER_WAY) for state in states)
        line.append(" " * (self._cells - cells) + _GAP + self._count(done, len(states)))
        return line

    def _count(self, done: int, total: int) -> str:
        digits = len(str(self._most))
        return f"{done:{digits}}/{total:<{digits}}"

    def _cell(self, state: str) -> tuple[str, str]:
        symbol, in_ascii, style = SYMBOLS[state]
        return in_ascii if self._ascii_only else symbol, style

    def _text(self, text: str) -> str:
        return to_ascii(text) if self._ascii_only else text

    def _one_line(self, text: "Text") -> "Text":
        text.no_wrap = True
        text.truncate(self._width, overflow="crop" if self._ascii_only else "ellipsis")
        return text


def _of_several(states: list[str]) -> str:
    """What a cell that stands for these trials shows."""
    for state in _NOTABLE:
        if state in states:
            return state
    done = states.count(COMPLETE)
    return WAITING if not done else COMPLETE if done == len(states) else SOME
