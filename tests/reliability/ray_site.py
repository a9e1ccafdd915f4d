"""Two nodes of Ray on this machine, by Ray's own test cluster; they are lost with all that trains on them."""

import json
import os
import random
import secrets
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Self

import psutil

from ablate.execute.engines.ray import connection
from tests.conftest import REPOSITORY
from tests.reliability.command import Command
from tests.reliability.site import Fault, Site, is_of_fork_server, signalled

CLUSTER = REPOSITORY / "tests/execute/engines/ray/cluster.py"
NODES = 2
NODE = {"num_cpus": 1}
MENDED = 0.3
"""How often a node is added in the place of a lost one before the next fault, rather than before the next run."""

OPTIONS = {"include_dashboard": False, "object_store_memory": connection.OBJECT_STORE_BYTES}


class OnRay(Site):
    """`engine=ray` on a cluster that outlives its drivers: a driver, an actor, a training or a node is killed."""

    engine = "ray"
    studies = ("alone", "stacked")
    victims = ("driver", "actor", "worker", "node")
    weights = (1, 2, 3, 2)
    hows = ("SIGKILL", "SIGTERM", "SIGINT", "lost")

    def __init__(self) -> None:
        token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
        self._variables = connection.VARIABLES | connection.LOCAL_VARIABLES | connection.LOOPBACK_VARIABLES | token
        self._nodes: list[int] = []
        """The numbers of those that are there."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, str(CLUSTER), json.dumps(OPTIONS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=os.environ | self._variables | {"PYTHONPATH": str(REPOSITORY)},
        )
        self._address = self._answer()
        self.mend()
        return self

    def __exit__(self, *error: object) -> None:
        self._process.communicate()  # its input closes, and it ends with its nodes

    @property
    def words(self) -> tuple[str, ...]:
        return (
            *("engine=ray", f"engine.address={self._address}", f"engine.workers={NODES}", "engine.threads=1"),
            "engine.checkpoint_min=0.001",
        )

    @property
    def environment(self) -> Mapping[str, str]:
        return self._variables

    def is_ready(self, command: Command) -> bool:
        return bool(workers(command))

    def fault(self, command: Command, rng: random.Random) -> Fault | None:
        if rng.random() < MENDED:
            self.mend()
        (kind,) = rng.choices(self.victims, self.weights)
        if kind == "node":
            number = rng.choice(self._nodes)
            return Fault(victim=kind, how="lost", do=lambda: self._lose(number)) if len(self._nodes) == NODES else None
        how = rng.choice(self.hows[: 3 if kind == "driver" else 2])
        if kind == "driver":
            return signalled(kind, how, psutil.Process(command.process.pid))
        training = workers(command)
        if not training:
            return None
        victim = rng.choice(training)
        if kind == "actor":
            victim, how = victim.parent().parent(), "SIGKILL"
        return signalled(kind, how, victim)

    def mend(self) -> None:
        while len(self._nodes) < NODES:
            self._nodes.append(self._ask("add", NODE) - 1)

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
            raise RuntimeError("the program that holds Ray's nodes has ended")
        return json.loads(line)


def workers(command: Command) -> list[psutil.Process]:
    """The processes in which a command's trials train: forked from the fork servers of its actors."""
    found: list[psutil.Process] = []
    for process in command.processes():
        with suppress(psutil.Error):
            if is_of_fork_server(process) and is_of_fork_server(process.parent() or process):
                found.append(process)
    return sorted(found, key=lambda process: process.pid)
