"""What every engine guarantees."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

from ablate.execute.job import Job
from ablate.store.record import Record


class Engine(ABC):
    """Where bundles run.

    Every engine guarantees, and one contract suite checks:

    - each job yields its records exactly once, in any order, as soon as they are on disk;
    - a trial that raises, or whose process dies, is recorded as failed with a traceback file, and costs no other trial;
      a process that dies before it begins a trial costs none;
    - equal jobs give equal responses on every engine with the same number of threads, in any order;
    - closing the iterator early, or an exception in it, leaves no worker behind.
    """

    name: str
    workers: int = 1
    """Jobs that it can train at a time."""
    threads: int | None = 1
    """CPU threads of each; None: whoever plans the jobs decides."""

    @abstractmethod
    def run(
        self, jobs: Sequence[Job], *, workers: int | None = None, threads: int | None = None
    ) -> Iterator[tuple[Record, ...]]:
        """Trains the jobs, which start in their order.

        Args:
            jobs: What there is to train.
            workers: Of its own, those that it uses; None: all.
            threads: CPU threads of each, where its own number is None.

        Raises:
            StoreError: a record cannot be written (a full disk): the study stops, finished trials stay.
            KeyboardInterrupt: Ctrl-C, for the study and not for one trial: finished trials stay.
        """

    def warm_up(self) -> None:  # noqa: B027 – an engine with nothing to start need not say so
        """Starts, in the background, what takes long to start: called while the driver still checks the study."""

    def settle(self) -> None:  # noqa: B027 – as above
        """Waits for what `warm_up` has started: nothing of the engine is at work until `run`.

        Raises:
            EngineError: no process can be started.
        """
