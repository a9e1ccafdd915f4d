"""One job after the other, in this process."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Literal

import msgspec

from ablate.execute.engines._base import Engine
from ablate.execute.process import socket_directory
from ablate.execute.process.hardware import check_threads
from ablate.execute.train.job import Job
from ablate.store.record import Record


class InlineSettings(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The `engine` group of `engine=inline`."""

    name: Literal["inline"]
    threads: int


class Inline(Engine):
    """Trains in this process: for a debugger, for one large network, and as the reference for other engines."""

    name = "inline"
    settings = InlineSettings

    def __init__(self, settings: InlineSettings) -> None:
        self.threads = settings.threads
        check_threads(settings.threads)

    @classmethod
    def check(cls) -> str:
        """Nothing is needed but this process."""
        return "this process"

    def run(
        self, jobs: Sequence[Job], *, workers: int | None = None, threads: int | None = None
    ) -> Iterator[tuple[Record, ...]]:
        """Trains the jobs in their order."""
        del workers  # there is only this process
        from ablate.execute.bundle import run_bundle

        with suppress(OSError):  # then it is a matter of the modules that start processes
            socket_directory.hold()  # of a user-defined DataLoader
        for job in jobs:
            yield run_bundle(job, engine=self.name, threads=self.threads or threads or 1)
