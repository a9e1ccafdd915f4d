"""A worker of this machine that makes an engine's calls. It starts with the first call and runs until `close`."""

from collections.abc import Callable
from typing import TypeVar

from ablate.execute.engines.local import fork_server
from ablate.execute.engines.local.worker import Worker
from ablate.execute.engines.team import stop

T = TypeVar("T")


class Caller:
    """Makes calls, one at a time, in a worker of one thread."""

    def __init__(self, engine: str, *, retries: int) -> None:
        """Starts nothing.

        Args:
            engine: Name of the engine.
            retries: Further calls of a function whose process died, at most.
        """
        self._engine = engine
        self._retries = retries
        self.worker: Worker | None = None
        """None: it has not been started, or was closed."""

    def call(self, function: Callable[[], T]) -> T:
        """Calls a function.

        Raises:
            EngineError: no process can be started, or it died.
            Exception: whatever the function raises; an AblateError that cannot be pickled becomes a ConfigError.
        """
        if self.worker is None:
            fork_server.ready(self._engine)
            self.worker = Worker(engine=self._engine, threads=1)
        return self.worker.call(function, retries=self._retries)

    def close(self) -> None:
        """Ends the worker, if it was started."""
        worker, self.worker = self.worker, None
        stop([] if worker is None else [worker])
