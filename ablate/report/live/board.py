"""The trials of a study by design point: how they ended, which are under way, and which are next."""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

WAITING, UNDER_WAY = "waiting", "under way"
MAX_VALUES = 24
"""Latest responses that are kept of each design point."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A design point and its trials."""

    name: str
    trials: tuple[Hashable, ...]
    """A key of each, such as its id; no other row has it."""


@dataclass(frozen=True, kw_only=True)
class Hidden:
    """Counts of the design points that are not shown: complete, begun and not begun."""

    complete: int
    begun: int
    waiting: int

    @property
    def count(self) -> int:
        """All of them."""
        return self.complete + self.begun + self.waiting


class Board:
    """Counts trials as they end. Bundles start in the order in which they were scheduled, some at a time."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows = tuple(rows)
        self.total = sum(len(row.trials) for row in self.rows)
        self.ended = Counter[str]()
        """State → how many trials have ended in it."""
        self._row_of = {trial: number for number, row in enumerate(self.rows) for trial in row.trials}
        self._states: dict[Hashable, str] = {}
        self._ended_in = [0] * len(self.rows)
        self._values: list[list[float]] = [[] for _ in self.rows]
        self._changed: dict[int, None] = {}
        self._bundles: list[tuple[Hashable, ...]] = []
        self._begun = 0
        self._workers = 0
        self._training: list[tuple[Hashable, ...]] = []
        self._under_way: set[Hashable] = set()

    @property
    def done(self) -> int:
        """Trials that have ended, in any state."""
        return sum(self.ended.values())

    @property
    def under_way(self) -> int:
        """Trials that are under way."""
        return len(self._under_way)

    def __contains__(self, trial: Hashable) -> bool:
        return trial in self._row_of

    def schedule(self, bundles: Iterable[Iterable[Hashable]], *, workers: int) -> None:
        """Adds bundles that are to be trained, in the order in which they start. Drops earlier results of their trials.

        Args:
            bundles: The keys of the trials of each.
            workers: Bundles that train at the same time, at most.
        """
        known = [tuple(trial for trial in bundle if trial in self) for bundle in bundles]
        for bundle in known:
            for trial in bundle:
                self._forget(trial)
        self._bundles += known
        self._workers = workers
        self._begin_next()

    def end(self, trial: Hashable, state: str, value: float | None) -> None:
        """Counts a trial, in place of an earlier end of it. A trial of no row is ignored.

        Args:
            trial: Its key.
            state: In which it ended.
            value: Of the response; None where it did not complete.
        """
        if (row := self._row_of.get(trial)) is None:
            return
        self._forget(trial)
        self._states[trial] = state
        self.ended[state] += 1
        self._ended_in[row] += 1
        self._changed.pop(row, None)
        self._changed[row] = None
        if value is not None:
            self._values[row] = [value, *self._values[row]][:MAX_VALUES]
        if trial in self._under_way:
            self._under_way.remove(trial)
            self._begin_next()

    def states(self, row: int) -> list[str]:
        """The states of the trials of a row, in their order; `waiting` and `under way` among them."""
        return [
            self._states.get(trial, UNDER_WAY if trial in self._under_way else WAITING)
            for trial in self.rows[row].trials
        ]

    def values(self, row: int) -> Sequence[float]:
        """The responses of the trials of a row, the latest first."""
        return self._values[row]

    def shown(self, room: int) -> tuple[list[int], Hidden]:
        """Chooses rows that train, then those that changed last; returns them in order, and counts of the others.

        Args:
            room: Rows that can be shown.
        """
        every = range(len(self.rows))
        if len(every) <= room:
            return [*every], Hidden(complete=0, begun=0, waiting=0)
        training = dict.fromkeys(sorted(self._row_of[trial] for trial in self._under_way))
        first = dict.fromkeys((*training, *reversed(self._changed), *every))
        rows = sorted([*first][: max(room, 0)])
        kept = set(rows)
        complete = begun = 0
        for row in every:
            if row not in kept:
                is_complete = self._ended_in[row] == len(self.rows[row].trials)
                complete += is_complete
                begun += not is_complete and (row in training or self._ended_in[row] > 0)
        return rows, Hidden(complete=complete, begun=begun, waiting=len(every) - len(rows) - complete - begun)

    def next(self) -> Iterator[tuple[str, int]]:
        """The design points of the bundles that start next, each with its number of trials there."""
        for place in range(self._begun, len(self._bundles)):
            waiting = [trial for trial in self._bundles[place] if trial not in self._states]
            for row, count in Counter(self._row_of[trial] for trial in waiting).items():
                yield self.rows[row].name, count

    def _forget(self, trial: Hashable) -> None:
        """Drops an earlier end of a trial from the counts."""
        if (before := self._states.pop(trial, None)) is not None:
            self._ended_in[self._row_of[trial]] -= 1
            self.ended[before] -= 1
            if not self.ended[before]:
                del self.ended[before]

    def _begin_next(self) -> None:
        """Starts bundles in the place of those that have ended."""
        self._training = [b for b in self._training if not self._under_way.isdisjoint(b)]
        while len(self._training) < self._workers and self._begun < len(self._bundles):
            bundle = self._bundles[self._begun]
            self._begun += 1
            if waiting := [trial for trial in bundle if trial not in self._states]:
                self._training.append(bundle)
                self._under_way.update(waiting)
