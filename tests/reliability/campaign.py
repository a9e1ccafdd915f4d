"""Kills at random times over small studies, which are resumed until they are done; then their results are compared."""

import json
import os
import random
import re
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests import REPOSITORY
from tests.reliability.command import Command, names
from tests.reliability.monotone import Monotone
from tests.reliability.site import LocalSite, Site

MIN_LIMIT_S = 9.0
"""Time limit of a training: at least this, or what the study takes undisturbed, which is longer on a slow machine."""

STUDIES = {
    "loaded": ("loaded", "replicates=6", "data.pause=0.01"),
    "stacked": ("smoke", "replicates=6", "trainer.max_epochs=120", "trainer.accelerator=cpu"),
    "alone": ("smoke", "replicates=4", "trainer.max_epochs=60", "logger=csv", "trainer.accelerator=cpu"),
}
"""Name → words. The first trains a LightningDataModule whose DataLoader has a process."""

BIT_EQUAL = ("loaded", "alone")
"""Studies whose trials are never stacked: their responses do not depend on what else trained."""

RELATIVE = 1e-3
"""Relative tolerance of responses of trials that trained in other stacks than undisturbed: rounding over all steps."""

EXIT_LIMIT_S = 60.0
"""A process or job that has not ended after so long is taken for one that never ends."""

MAX_KILLS = 15
"""Kills in one study. Then it runs undisturbed to its end, is compared, and the next study begins."""

UNEXPECTED = re.compile(r"Traceback|bug in ablate")
"""What no command should say; where a trial failed, it names a file: `Its traceback is in …`."""

SHOWN_CHARS = 3000
"""Of a problem."""

MAX_RUNS = 200
"""Runs of one study, after which it counts as one that never completes."""


@dataclass
class Campaign:
    """What was done, and what was found."""

    folder: Path
    seed: int
    site: Site = field(default_factory=LocalSite)
    kills: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Victim and what happened to it → how often."""
    codes: Counter[int] = field(default_factory=Counter)
    """Exit codes of the disturbed drivers."""
    resumed: int = 0
    done: Counter[str] = field(default_factory=Counter)
    """Study → how often it was done, and compared."""
    bit_equal: int = 0
    compared: int = 0
    problems: list[str] = field(default_factory=list)

    def run(self, *, minutes: float, kills: int | None = None, studies: Sequence[str] = ()) -> None:
        """Disturbs studies for so long, or until there were so many kills; the last one is brought to its end.

        Args:
            minutes: How long, from when the first study was done undisturbed.
            kills: How many; None: no limit.
            studies: Which of `STUDIES`; empty: all that the site has.
        """
        shutil.copytree(REPOSITORY / "tests" / "reliability" / "project", self.folder, dirs_exist_ok=True)
        self.site.temporary = self.folder / "tmp"
        self.site.temporary.mkdir()
        with self.site:
            self._run(minutes=minutes, kills=kills, studies=studies or self.site.studies)

    def _run(self, *, minutes: float, kills: int | None, studies: Sequence[str]) -> None:
        rng = random.Random(self.seed)
        expected = {studies[0]: self._undisturbed(studies[0])}
        until = time.monotonic() + 60 * minutes
        while True:
            for name in studies:
                is_over = time.monotonic() > until or (kills is not None and self.kills.total() >= kills)
                if is_over:
                    return self._check_files(studies[0])
                if name not in expected:
                    expected[name] = self._undisturbed(name)
                self._disturbed(name, expected[name], rng, until, kills)

    def _start(self, name: str, where: str, *, limit_s: float | None = None, site: Site | None = None) -> Command:
        site = site or self.site
        limit = () if limit_s is None else (f"trainer.timeout_min={limit_s / 60:.3f}",)
        words = ("run", *STUDIES[name], *site.words, f"results_dir={where}", "--retry", "timed_out", *limit)
        folders = {"TMPDIR": str(self.site.temporary), "XDG_CACHE_HOME": str(self.folder / "cache")}
        return Command(self.folder, *words, **folders, **site.environment)

    def _undisturbed(self, name: str) -> dict[str, Any]:
        began = time.monotonic()
        command = self._start(name, f"undisturbed-{name}")
        if code := command.process.wait():
            raise RuntimeError(f"{name} ends with {code} undisturbed:\n{command.output.read_text()}")
        seconds = time.monotonic() - began
        self._check_processes(name, code, [command])
        if left := self._temporary_files():
            self.problems.append(f"{name}: temporary files are left undisturbed: {left}")
        return found(self.folder / f"undisturbed-{name}") | {"seconds": seconds}

    def _disturbed(
        self, name: str, expected: dict[str, Any], rng: random.Random, until: float, kills: int | None
    ) -> None:
        where = self.folder / f"chaos-{name}"
        shutil.rmtree(where, ignore_errors=True)
        progress, commands = Monotone(), list[Command]()
        most = min(self.kills.total() + MAX_KILLS, kills or sys.maxsize)
        for run in range(MAX_RUNS):
            self.site.restore()
            is_over = time.monotonic() > until or self.kills.total() >= most
            before = {} if self.site.jobs_outlive_driver else contents(where)
            # A process that is stopped and never continued ends by the limit. What nobody disturbs needs none.
            limit = max(MIN_LIMIT_S, expected["seconds"]) if self.site.has_limits and not is_over else None
            command = self._start(name, where.name, limit_s=limit)
            try:
                if not is_over:
                    self._disturb(command, rng, expected["seconds"], most, lambda: self._watch(name, progress, where))
                code = command.process.wait(60 * 10)
            finally:
                for process in command.processes():  # what is stopped ends only when it goes on
                    if process.pid == command.process.pid:
                        process.resume()
            self.codes[code] += not is_over
            print(f"{name}: run {run + 1} ended with {code}; {self.kills.total()} kills", file=sys.stderr, flush=True)
            commands.append(command)
            if not (self.site.jobs_outlive_driver and code != 0):
                self._check_processes(name, code, commands)
                commands.clear()
            said = command.output.read_text()
            unexpected = UNEXPECTED.search(said)
            if unexpected is not None:
                kept = "".join(path.read_text() for path in self.site.temporary.glob("*.traceback.txt"))
                self.problems.append(f"{name}: exit code {code}, and said: {said[unexpected.start() :]} {kept}")
            self._watch(name, progress, where)
            if code == 2 and not self.site.jobs_outlive_driver and contents(where) != before:
                self.problems.append(f"{name}: exit code 2, where something was written: {said[-SHOWN_CHARS:]}")
            if code == 0:
                self.resumed += run
                self.done[name] += 1
                self._compare(name, expected, found(where))
                return
        self.problems.append(f"{name} was not done after {MAX_RUNS} runs")

    def _disturb(
        self, command: Command, rng: random.Random, undisturbed_s: float, most: int, watch: Callable[[], None]
    ) -> None:
        """Makes faults happen until the driver ends, or until there were so many kills."""
        while command.process.poll() is None and not self.site.is_ready(command):
            time.sleep(self.site.poll_s)  # before its first line, a command can handle no signal
        started, wait_s = time.monotonic(), rng.uniform(0.0, undisturbed_s * self.site.delay_share)
        while command.process.poll() is None and time.monotonic() < started + wait_s:
            time.sleep(0.05)
        while command.process.poll() is None and self.kills.total() < most:
            with suppress(psutil.Error):
                if (fault := self.site.fault(command, rng)) is not None:
                    fault.do()
                    self.kills[fault.victim, fault.action] += 1
                    if fault.resume is not None:
                        time.sleep(rng.uniform(0.0, 1.0))
                        fault.resume()
            watch()
            time.sleep(rng.uniform(0.05, 0.8))

    def _check_processes(self, name: str, code: int, commands: Sequence[Command]) -> None:
        """Waits for the processes and jobs that some commands have started, and ends those that do not."""
        for command in commands:
            if left := names(command.left_after(EXIT_LIMIT_S)):
                self.problems.append(f"{name}: left after exit code {code}: {left}")
                command.kill()
        until = time.monotonic() + EXIT_LIMIT_S
        while (jobs := self.site.left()) and time.monotonic() < until:
            time.sleep(0.2)
        if jobs:
            self.problems.append(f"{name}: left after exit code {code}: {jobs}")

    def _watch(self, name: str, progress: Monotone, where: Path) -> None:
        self.problems += [f"{name}: {problem}" for problem in progress.problems(where)]

    def _compare(self, name: str, expected: dict[str, Any], now: dict[str, Any]) -> None:
        for what in ("records", "states", "verdicts"):
            if now[what] != expected[what]:
                self.problems.append(f"{name}: other {what}: {now[what]} where {expected[what]} was expected")
        for trial_id, responses in expected["responses"].items():
            other = now["responses"].get(trial_id, {})
            self.compared += 1
            self.bit_equal += other == responses
            is_near = other.keys() == responses.keys() and all(
                abs(other[key] - value) <= RELATIVE * max(abs(value), 1e-3) for key, value in responses.items()
            )
            if other != responses and (name in BIT_EQUAL or not is_near):
                self.problems.append(f"{name}: trial {trial_id} has {other} where {responses} was expected")

    def _check_files(self, name: str) -> None:
        left = [str(path) for path in self.folder.rglob("*.tmp")]
        left += [str(path) for path in self.site.temporary.iterdir() if not path.name.startswith("ablate-mp-")]
        # The next command with workers on this machine removes what killed ones have left.
        self._start(name, f"chaos-{name}", site=LocalSite()).process.wait()
        if left := sorted({*left, *self._temporary_files()}):
            self.problems.append(f"temporary files are left: {left}")

    def _temporary_files(self) -> list[str]:
        return [str(path) for path in self.site.temporary.iterdir()]


def contents(folder: Path) -> dict[str, int]:
    """The files of a folder, locks apart, and when they were written."""
    return {
        str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file() and ".lock" not in path.name
    }


def found(results: Path) -> dict[str, Any]:
    """States and responses by trial id, and the verdicts."""
    records = [json.loads(path.read_text()) for path in sorted(results.glob("*/trials/*/record.json"))]
    (summary,) = results.glob("*/summary.json")
    return {
        "records": len(records),
        "states": {record["id"]: record["state"] for record in records},
        "responses": {record["id"]: record["responses"] for record in records},
        "verdicts": [verdict["outcome"] for verdict in json.loads(summary.read_text())["summary"]["verdicts"]],
    }


def report(campaign: Campaign, command: str) -> Iterator[str]:
    """The table of a campaign, in Markdown."""
    site, kills = campaign.site, campaign.kills
    yield f"# Kills, engine={site.engine}\n"
    yield (
        "What trains small studies was killed at random times, and the studies resumed until they were done. "
        f"`{command}` makes this table anew.\n"
    )
    yield f"| victim | {' | '.join(site.actions)} | all |"
    yield f"|---|{'---:|' * (len(site.actions) + 1)}"
    for victim in site.victims:
        counts = [kills[victim, action] for action in site.actions]
        yield f"| {victim} | {' | '.join(map(str, counts))} | {sum(counts)} |"
    totals = [sum(kills[victim, action] for victim in site.victims) for action in site.actions]
    yield f"| all | {' | '.join(map(str, totals))} | {kills.total()} |\n"
    yield f"- Seed {campaign.seed}, {os.cpu_count()} cores."
    yield (
        f"- Studies done: {', '.join(f'{name} {n} times' for name, n in campaign.done.items())}; {campaign.resumed} "
        "runs before the last ones."
    )
    yield f"- Exit codes of disturbed drivers: {', '.join(f'{c} ({n})' for c, n in sorted(campaign.codes.items()))}."
    yield (
        f"- Responses compared with those of undisturbed studies: {campaign.compared} trials, {campaign.bit_equal} "
        f"bit-equal, the others within {RELATIVE:g} (relative)."
    )
    yield (
        "- Problems (a process or a temporary file left, another id, state, verdict or response, lost progress, a "
        "traceback): "
        f"{len(campaign.problems) or 'none'}."
    )
    yield from (f"  - {' '.join(problem.split())[-SHOWN_CHARS:]}" for problem in campaign.problems)
