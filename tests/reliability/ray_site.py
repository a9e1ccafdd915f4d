"""A cluster of two Ray nodes on this machine, by Ray's own test cluster. A node is lost with all that trains on it."""

import json
import os
import random
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Self

import psutil

from ablate.execute.engines.ray import connection
from tests import REPOSITORY
from tests.reliability.command import Command
from tests.reliability.site import Fault, Site, is_of_fork_server, signalled

CLUSTER = REPOSITORY / "tests/execute/engines/ray/cluster.py"
NODES = 2
NODE = {"num_cpus": 1}
STARTS = 3
"""Attempts to start nodes before a run."""

RETRIES = 3
"""With one, most runs would end after a few faults, and the next would start."""

ACTOR = "ray::Actor"
"""Beginning of the title that Ray gives to the process of an actor."""

OPTIONS = {"include_dashboard": False, "object_store_memory": connection.OBJECT_STORE_BYTES}


class RaySite(Site):
    """`engine=ray` on a cluster that outlives its drivers: a driver, an actor, a training or a node is killed."""

    engine = "ray"
    studies = ("alone", "stacked")
    victims = ("driver", "actor", "worker", "node")
    weights = (1, 3, 8, 1)
    actions = ("SIGKILL", "SIGTERM", "SIGINT", "lost")

    def __init__(self) -> None:
        token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
        self._variables = connection.VARIABLES | connection.LOCAL_VARIABLES | connection.LOOPBACK_VARIABLES | token
        self._added = 0
        self._nodes: list[int] = []
        """The numbers of the nodes that exist."""

    def __enter__(self) -> Self:
        self._errors = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(
            [sys.executable, str(CLUSTER), json.dumps(OPTIONS), json.dumps({})],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            start_new_session=True,
            env=os.environ | self._variables | {"PYTHONPATH": str(REPOSITORY), "TMPDIR": str(self.temporary)},
        )
        self._address = self._answer()
        self.restore()
        return self

    def __exit__(self, *error: object) -> None:
        self._process.communicate()  # its input closes, and it ends with its nodes
        self._errors.close()

    @property
    def words(self) -> tuple[str, ...]:
        return (
            *("engine=ray", f"engine.address={self._address}", f"engine.workers={NODES}", "engine.threads=1"),
            *("engine.checkpoint_min=0.001", f"engine.retries={RETRIES}"),
        )

    @property
    def environment(self) -> Mapping[str, str]:
        return self._variables

    def is_ready(self, command: Command) -> bool:
        return bool(workers(command))

    def fault(self, command: Command, rng: random.Random) -> Fault | None:
        (role,) = rng.choices(self.victims, self.weights)
        if role == "node":
            number = rng.choice(self._nodes)
            are_all_there = len(self._nodes) == NODES
            return Fault(victim=role, action="lost", do=lambda: self._lose(number)) if are_all_there else None
        action = rng.choice(self.actions[: 3 if role == "driver" else 2])
        training = workers(command)
        if not training:
            return None
        if role == "driver":
            return signalled(role, action, psutil.Process(command.process.pid))
        victim = rng.choice(training)
        if role == "worker":
            return signalled(role, action, victim)
        actors = [process for process in victim.parents() if process.name().startswith(ACTOR)]
        return signalled(role, "SIGKILL", actors[0]) if actors else None

    def restore(self) -> None:
        """Starts nodes until there is at least one; on a busy machine the other may not start."""
        for _ in range(STARTS):
            for _ in range(NODES - len(self._nodes)):
                before, self._added = self._added, self._ask("add", NODE)
                self._nodes += range(before, self._added)
            if self._nodes:
                return
        raise RuntimeError("Ray starts no node here.")

    def left(self) -> Sequence[str]:
        found: list[str] = []
        for process in psutil.Process(self._process.pid).children(recursive=True):
            with suppress(psutil.Error):
                if (title := " ".join(process.cmdline())).startswith(ACTOR):
                    found.append(f"{process.pid}: {title}")
        return found

    def _lose(self, number: int) -> None:
        self._nodes.remove(number)
        self._ask("lose", number)

    def _ask(self, *words: Any) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._errors.seek(0)
            raise RuntimeError(f"the program that holds Ray's nodes has ended: {self._errors.read()[-2000:]}")
        return json.loads(line)


def workers(command: Command) -> list[psutil.Process]:
    """The processes in which a command's trials train: forked from the fork servers of its actors."""
    found: list[psutil.Process] = []
    for process in command.processes():
        with suppress(psutil.Error):
            if is_of_fork_server(process) and is_of_fork_server(process.parent() or process):
                found.append(process)
    return sorted(found, key=lambda process: process.pid)
