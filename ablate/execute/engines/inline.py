"""One job after the other, in this process."""

import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Literal, ParamSpec, TypeVar

import msgspec

from ablate.errors import DeathError
from ablate.execute.engines._base import Engine
from ablate.execute.engines.wording import no_other_process_message, out_of_memory_message
from ablate.execute.process import socket_directory
from ablate.execute.process.hardware import check_threads
from ablate.execute.process.lost_device import lost_device
from ablate.execute.train.job import Job, without_record
from ablate.store.record import Record

P = ParamSpec("P")
T = TypeVar("T")


class InlineSettings(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The `engine` group of `engine=inline`."""

    name: Literal["inline"]
    threads: int
    checkpoint_min: float | None = None
    budget_h: float | None = None


class Inline(Engine):
    """Trains in this process: for a debugger, for one large network, and as the reference for other engines."""

    name = "inline"
    settings = InlineSettings

    def __init__(self, settings: InlineSettings) -> None:
        self.threads = settings.threads
        self.checkpoint_min = settings.checkpoint_min
        self.budget_h = settings.budget_h
        check_threads(settings.threads)

    @classmethod
    def check(cls) -> str:
        """Nothing is needed but this process."""
        return "this process"

    def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Calls it here.

        Raises:
            DeathError: this process can do nothing more on its device afterwards.
        """
        result = function(*args, **kwargs)
        if "torch" in sys.modules and (why := lost_device()) is not None:
            raise DeathError(
                f"The device takes no more work from this process, which has examined the study's networks: {why}. "
                "Nothing can be trained here. engine=local replaces the process."
            )
        return result

    def run(
        self, jobs: Sequence[Job], *, workers: int | None = None, threads: int | None = None
    ) -> Iterator[tuple[Record, ...]]:
        """Trains the jobs in their order; at the end, once more, those that ran out of memory.

        Raises:
            DeathError: this process can train nothing more on its device.
        """
        del workers  # there is only this process
        from ablate.execute.bundle import InterruptedJobError, run_bundle

        with suppress(OSError):  # then it is a matter of the modules that start processes
            socket_directory.hold()  # of a user-defined DataLoader
        threads = self.threads or threads or 1
        waiting = deque(replace(job, may_wait=True) for job in jobs)
        done: list[Record] = []
        while waiting:
            job = waiting.popleft()
            try:
                records = run_bundle(job, engine=self.name, threads=threads)
            except InterruptedJobError as lost:
                yield lost.records
                done += lost.records
                left = sum(len(job.bundle.trials) for job in jobs) - len(done)
                failed = sum(record.state == "failed" for record in done)
                raise DeathError(
                    no_other_process_message(str(lost), recorded=len(done), failed=failed, left=left)
                ) from None
            if short := without_record(job, records):
                self.on_message(out_of_memory_message(short))
                waiting.extend(short)
            if records:
                done += records
                yield records
