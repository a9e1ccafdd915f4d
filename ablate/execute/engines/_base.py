"""The base class of engines, and what every engine guarantees."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, ParamSpec, TypeVar

from ablate.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import msgspec

    from ablate.execute.train.job import Job
    from ablate.store.record import Record

P = ParamSpec("P")
T = TypeVar("T")


class Engine(ABC):
    """Where bundles run.

    Every engine guarantees, and one contract suite checks:

    - each trial's record is yielded exactly once, in any order, as soon as it is on disk;
    - a trial that runs out of memory alone is tried once more when no other trial trains;
    - a trial that raises, or whose process dies, is recorded as failed with a traceback file, and costs no other trial;
      a process that dies before it begins a trial costs none; nor does one that can use its device no longer, where
      the engine has others;
    - equal jobs give equal responses on every engine with the same number of threads, in any order;
    - where `ends_trials` says so, a job is ended when the time limits of its trials, added up, have passed: a
      trial that is alone in it is recorded as timed out, several that had not finished are each trained alone;
    - closing the iterator early, or an exception in it, leaves no worker behind, but for what `submit` has handed in.
    """

    name: str
    settings: ClassVar[type[msgspec.Struct]]
    """What the `engine` group of the configuration may say: `name`, and the engine's own keys."""
    workers: int = 1
    """Jobs that it trains at a time, at most."""
    workers_are_fixed: bool = True
    """Whether the user has given their number; else the planner may use fewer of them on a GPU."""
    threads: int | None = 1
    """CPU threads of each worker; None: the planner decides."""
    pins_workers: ClassVar[bool] = False
    """Whether `run` takes `places`, and each worker then sees no GPU but its own."""
    checkpoint_min: float | None = None
    """Minutes after which the state of a training that has not ended is kept anew; None: it is not kept."""
    budget_h: float | None = None
    """Hours of GPUs or processors after which no replicate of a study begins any more; None: there is no such limit."""
    gpus_per_worker: float | None = None
    """GPUs that it reserves for each worker; None: none, or as many as a process takes."""
    ends_trials: bool = False
    """Whether it ends a training after `trainer.timeout_min`. One that cannot is refused such a limit."""
    detaches: ClassVar[bool] = False
    """Whether `submit` can hand in jobs that run on without this process."""
    on_message: Callable[[str], None] = staticmethod(lambda _: None)
    """Is called with what a user should know while jobs run, such as that a worker was lost; set by who listens."""

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
        """Trains the jobs, which start in their order.

        Args:
            jobs: The jobs to train.
            workers: How many of its workers it uses; None: all.
            threads: CPU threads of each worker, if its own number is None.

        An engine that `pins_workers` also takes `places`: the GPU of each worker, by its number among those that a
        process there sees; empty: none is chosen. After one ran out of memory beside others, fewer share its GPU.

        Raises:
            StoreError: a record cannot be written (a full disk): the study stops, finished trials stay.
            KeyboardInterrupt: Ctrl-C: the study stops, finished trials stay.
        """

    def submit(self, jobs: Sequence[Job], *, workers: int | None = None, threads: int | None = None) -> str:
        """Hands in jobs that run on without this process. `run` with the same jobs, in any process, collects them.

        Args:
            jobs: At least one.
            workers: As of `run`.
            threads: As of `run`.

        Returns:
            A message: what has been handed in, and how it is collected.

        Raises:
            ConfigError: `detaches` says that this engine's jobs end with their driver.
            StoreError, EngineError: as `run`.
        """
        del jobs, workers, threads
        raise ConfigError(
            f"--detach needs an engine whose jobs run on without the command, and those of engine={self.name} end with "
            "it. engine=slurm has such jobs; or leave out --detach."
        )

    def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Calls a function in a process that has torch: in a worker, or in this process if the engine has no workers.

        Nothing trains meanwhile.

        Args:
            function: Its module does not import torch, as that of the functions in `ablate.execute.tasks`.
            *args: For the function.
            **kwargs: For the function.

        Raises:
            EngineError: no process can be started, or it died.
            Exception: whatever the function raises; an AblateError that cannot be pickled becomes a ConfigError.
        """
        return function(*args, **kwargs)

    def close(self) -> None:  # noqa: B027 – an engine without workers has nothing to end
        """Ends the processes that `call` has started."""
