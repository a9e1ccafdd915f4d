"""What every engine guarantees."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, ParamSpec, TypeVar

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

    - each job yields its records exactly once, in any order, as soon as they are on disk;
    - a trial that raises, or whose process dies, is recorded as failed with a traceback file, and costs no other trial;
      a process that dies before it begins a trial costs none;
    - equal jobs give equal responses on every engine with the same number of threads, in any order;
    - closing the iterator early, or an exception in it, leaves no worker behind.
    """

    name: str
    settings: ClassVar[type[msgspec.Struct]]
    """What the `engine` group of the configuration may say: `name`, and the engine's own keys."""
    workers: int = 1
    """Jobs that it can train at a time."""
    threads: int | None = 1
    """CPU threads of each; None: whoever plans the jobs decides."""

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
            jobs: What there is to train.
            workers: Of its own, those that it uses; None: all.
            threads: CPU threads of each, where its own number is None.

        Raises:
            StoreError: a record cannot be written (a full disk): the study stops, finished trials stay.
            KeyboardInterrupt: Ctrl-C, for the study and not for one trial: finished trials stay.
        """

    def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Calls a function where torch is: in this process, unless the engine has others. Nothing trains meanwhile.

        Args:
            function: Of a module that imports no torch by itself, as those of `ablate.execute.tasks`.
            *args: Its own.
            **kwargs: Its own.

        Raises:
            EngineError: no process can be started, or it died.
            Exception: whatever the function raises; an AblateError that no pickle brings back, as a ConfigError.
        """
        return function(*args, **kwargs)

    def close(self) -> None:  # noqa: B027 – an engine with nothing to end need not say so
        """Ends what `call` has started."""
