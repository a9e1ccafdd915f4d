"""The base class of engines, with the guarantees that every engine gives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, ParamSpec, TypeVar

from ablate.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import msgspec

    from ablate.execute.train.job import Job
    from ablate.plan.machine import Cluster
    from ablate.store.record import Record

P = ParamSpec("P")
T = TypeVar("T")


class Engine(ABC):
    """Where bundles run.

    Every engine guarantees, and one contract suite checks:

    - each trial's record is yielded exactly once, in any order, as soon as it is on disk;
    - a trial that runs out of memory alone is tried once more when no other trial trains;
    - a trial that raises, or whose process dies, is recorded as failed with a traceback file, and affects no other
      trial. A process that dies before it begins a trial affects none; nor does one that can use its device no longer,
      if the engine has other processes;
    - equal jobs give equal responses on every engine with the same number of threads, in any order;
    - if `ends_trials`, a job is ended when the sum of its trials' time limits has passed. A trial that is alone in its
      job is recorded as timed out; of several, the unfinished ones are each trained alone;
    - closing the iterator early, or an exception in it, ends all workers, except jobs that were handed to `submit`.
    """

    name: str
    settings: ClassVar[type[msgspec.Struct]]
    """The keys of the configuration's `engine` group: `name`, and those of the engine."""
    workers: int = 1
    """Jobs that it trains at the same time, at most."""
    workers_are_fixed: bool = True
    """Whether the user has set `workers`. If not, the planner may use fewer of them on a GPU."""
    threads: int | None = 1
    """CPU threads of each worker; None: the planner decides."""
    pins_workers: ClassVar[bool] = False
    """Whether `run` has the argument `places`, by which each worker sees one GPU only."""
    checkpoint_min: float | None = None
    """Minutes between two checkpoints of a training; None: none is written."""
    budget_h: float | None = None
    """Hours, of GPUs or processors, that the trainings of a study may take; None: there is no limit."""
    may_use_gpus: bool = True
    """Whether a trial of its study may train on a GPU. The caller sets it when it knows the study."""
    ends_trials: bool = False
    """Whether it can end a training after `trainer.timeout_min`. If not, a configuration with that limit is refused."""
    detaches: ClassVar[bool] = False
    """Whether jobs can run on without this process, by `submit`."""
    on_message: Callable[[str], None] = staticmethod(lambda _: None)
    """Is called with messages for the user while jobs run, such as that a worker was lost. The caller sets it."""

    @abstractmethod
    def __init__(self, settings: Any) -> None:
        """Takes the settings, of the class that `settings` names. Starts nothing."""

    @classmethod
    @abstractmethod
    def check(cls) -> str:
        """Tries for `ablate doctor` whether the engine works on this machine, and says what it found, in a line.

        Raises:
            Exception: it does not work; the message says why.
        """

    @abstractmethod
    def run(
        self, jobs: Sequence[Job], *, workers: int | None = None, threads: int | None = None
    ) -> Iterator[tuple[Record, ...]]:
        """Trains the jobs. They start in their order.

        Args:
            jobs: The jobs to train.
            workers: How many of its workers it uses, at most; None: all.
            threads: CPU threads of each worker, if `self.threads` is None.

        An engine that `pins_workers` has another argument `places`: for each worker the number of its GPU, among those
        that this process sees; empty: none is chosen. If a worker runs out of memory on a GPU that it shares, that GPU
        has one worker fewer from then on.

        Raises:
            StoreError: a record cannot be written, as on a full disk. The study stops; finished trials stay.
            KeyboardInterrupt: Ctrl-C. The study stops; finished trials stay.
        """

    def submit(self, jobs: Sequence[Job], *, workers: int | None = None, threads: int | None = None) -> str:
        """Submits jobs that run on without this process. `run` with the same jobs, in any process, collects them.

        Args:
            jobs: At least one.
            workers: As of `run`.
            threads: As of `run`.

        Returns:
            A message for the user: what was submitted, and how it is collected.

        Raises:
            ConfigError: the engine's jobs end with this process (`detaches`).
            StoreError: the jobs cannot be written.
            EngineError: the jobs cannot be submitted.
        """
        del jobs, workers, threads
        raise ConfigError(
            f"--detach needs an engine whose jobs run on when the command has ended; jobs of engine={self.name} end "
            "with it. Choose engine=slurm, or leave out --detach."
        )

    @property
    def cluster(self) -> Cluster | None:
        """The machines on which its workers train; None: they share the one that calls of `call` are made on."""
        return None

    @property
    def gpus_per_worker(self) -> float | None:
        """GPUs that it reserves for each worker; None: none, or as many as a process takes."""
        return None

    def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Calls a function that needs torch: in a worker, or in this process if the engine has no workers.

        No job trains during the call.

        Args:
            function: A function of a module that does not import torch itself, such as `ablate.execute.tasks`.
            *args: Arguments of the function.
            **kwargs: Arguments of the function.

        Raises:
            EngineError: no process can be started, or it died (DeathError).
            Exception: whatever the function raises; an AblateError that cannot be pickled becomes a ConfigError.
        """
        return function(*args, **kwargs)

    def call_here(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `call`, on this machine: for a function that writes into the study's folder.

        Args:
            function: As of `call`.
            *args: Arguments of the function.
            **kwargs: Arguments of the function.

        Raises:
            EngineError, Exception: as `call`.
        """
        return self.call(function, *args, **kwargs)

    def close(self) -> None:  # noqa: B027 – an engine without workers has nothing to end
        """Ends the processes that `call` has started."""
