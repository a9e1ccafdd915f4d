"""Simulated time: what a worker takes is drawn, and the processor time that the driver takes is measured."""

import heapq
import itertools
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any


class Clock:
    """The queue in which a driver waits for its workers, and the time that goes by meanwhile.

    It stands in for the `SimpleQueue` of `Team.run`. The driver does one thing after the other, as it does on a
    cluster: a job that ends while it is busy is handled later, and its worker waits for so long.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        """Simulated seconds since the start."""
        self.driver_seconds = 0.0
        """Of these, what the driver was busy for: the processor time that it took."""
        self._since = time.process_time()
        self._ends: list[tuple[float, int, Future[Any], Callable[[], None]]] = []
        self._numbers = itertools.count()

    def begin(self, seconds: float, future: Future[Any], finish: Callable[[], None]) -> None:
        """Begins a job that takes so long; `finish` writes its results when it ends."""
        self._add_driver()
        heapq.heappush(self._ends, (self.seconds + seconds, next(self._numbers), future, finish))

    def get(self, timeout: float | None = None) -> Future[Any]:
        """The job that ends next."""
        assert timeout is None, "no job of a simulation has a limit"
        self._add_driver()
        end, _, future, finish = heapq.heappop(self._ends)
        self.seconds = max(self.seconds, end)
        with self.stopped():
            finish()
        return future

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """What is done inside is another process's, and takes the driver no time."""
        self._add_driver()
        yield
        self._since = time.process_time()

    def _add_driver(self) -> None:
        now = time.process_time()
        self.seconds += now - self._since
        self.driver_seconds += now - self._since
        self._since = now
