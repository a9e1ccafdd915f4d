"""Every shipped level, for one deterministic epoch of a few minibatches; a study that fails costs no other."""

import multiprocessing
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path
from queue import Empty, SimpleQueue

from ablate import study
from ablate.errors import AblateError, DataError
from ablate.execute.process.hardware import cores
from ablate.execute.process.lost_device import LostDeviceError
from ablate.plan import Trial
from tests.gpu._stage import Findings, checked, seconds_left
from tests.gpu._study import ACCELERATOR

STUDIES = Path(__file__).resolve().parents[2] / "conf/study"
LIMITS = {"train": 2, "val": 1, "test": 1}
"""Batches. What a second step of an optimizer does differently from the first is tried, too."""

RESERVE_S = 8
"""A study that has not ended so long before the end of the stage is ended, and named."""

MOST_AT_ONCE = 8

Found = tuple[str, str]
"""State and what is said of it."""


def run(device: str) -> Findings:
    """A row for each study that does not train, and one for the others."""
    deadline = time.monotonic() + seconds_left("levels", device) - RESERVE_S
    names = sorted(file.relative_to(STUDIES).with_suffix("").as_posix() for file in STUDIES.rglob("*.yaml"))
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["ablate.execute.bundle"])  # torch is loaded once
    waiting: SimpleQueue[str] = SimpleQueue()
    for name in names:
        waiting.put(name)
    at_once = min(cores(), MOST_AT_ONCE)
    with ThreadPoolExecutor(at_once) as threads:
        parts = [threads.submit(_one_after_the_other, waiting, context, device, deadline) for _ in range(at_once)]
    found = {name: said for part in parts for name, said in part.result().items()}
    ok = [name for name in names if found[name][0] == "ok"]
    points = sum(int(found[name][1]) for name in ok)
    rows = [(f"{len(ok)} studies", f"{points} design points, which have every level", "ok" if ok else "none")]
    rows += [(name, found[name][1], "failed") for name in names if found[name][0] == "failed"]
    skipped = [f"{name}: {found[name][1]}" for name in names if found[name][0] == "skipped"]
    return checked(("study", "found", ""), rows, notes=skipped)


def _one_after_the_other(
    waiting: "SimpleQueue[str]", context: ForkServerContext, device: str, deadline: float
) -> dict[str, Found]:
    """Has a process train studies. One that has failed, or ended, costs no other: the next has another process."""
    found: dict[str, Found] = {}
    process = connection = None
    with suppress(Empty):
        while True:
            name = waiting.get_nowait()
            if time.monotonic() >= deadline:
                found[name] = "skipped", "not begun, for want of time"
                continue
            if process is None or connection is None:
                connection, theirs = context.Pipe()
                process = context.Process(target=_answer, args=(theirs, device), daemon=True)
                process.start()
                theirs.close()
            connection.send(name)
            is_done = False
            try:
                is_done = connection.poll(max(deadline - time.monotonic(), 0.0))
                found[name] = connection.recv() if is_done else ("skipped", "not done, for want of time")
            except EOFError:
                process.join()
                found[name] = "failed", f"its process ended with exit code {process.exitcode}"
            if not is_done or found[name][0] == "failed":
                process.kill()
                process = None
    if process is not None:
        process.kill()
    return found


def _answer(connection: Connection, device: str) -> None:
    while True:
        connection.send(trained(connection.recv(), device))


def trained(name: str, device: str) -> Found:
    """State and reason; of a study that trains, how many of its design points were trained."""
    from ablate.execute.bundle import run_bundle
    from ablate.execute.train.dataset import splits
    from ablate.execute.train.job import Job
    from ablate.plan import Bundle

    with tempfile.TemporaryDirectory() as folder:
        words = [name, "replicates=1", f"results_dir={folder}", f"trainer.accelerator={ACCELERATOR[device]}"]
        words += ["trainer.max_epochs=1", "trainer.max_steps=null"]
        words += [*(f"+trainer.lightning.limit_{k}_batches={n}" for k, n in LIMITS.items())]
        try:
            planned = study.plan(words)
        except AblateError as error:
            return ("skipped", "it trains nothing") if "trains nothing" in str(error) else ("failed", str(error))
        chosen = with_every_level(planned.trials)
        for trial in chosen:
            job = Job(bundle=Bundle(trials=(trial,)), directory=planned.directory, sources=("",), commit=None)
            try:
                splits(trial.config, seed=trial.streams.split)
                (record,) = run_bundle(job, engine="inline", threads=1)
            except DataError as error:
                return "skipped", str(error)
            except LostDeviceError as error:
                return "failed", f"{dict(trial.point.levels)}: {error}"
            if record.state == "failed":
                return "failed", f"{dict(trial.point.levels)}: {record.error}"
    return ("ok", str(len(chosen))) if chosen else ("skipped", "it trains nothing")


def with_every_level(trials: Sequence[Trial]) -> list[Trial]:
    """Few trials that have every level of every factor: one is taken where it has a level that is new."""
    chosen: list[Trial] = []
    seen: set[tuple[str, str]] = set()
    for trial in trials:
        levels = set(trial.point.levels.items())
        if not levels or not levels <= seen:
            chosen.append(trial)
            seen |= levels
        if not levels:
            break
    return chosen
