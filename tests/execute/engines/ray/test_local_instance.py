"""The local Ray instance that a command starts: it listens on loopback only, and ends with its driver."""

import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

from tests import REPOSITORY
from tests.reliability.command import Command, names

pytestmark = pytest.mark.slow

WAIT_S = 300


@pytest.fixture
def start(tmp_path):
    """Starts a command in a project whose data module loads in processes, and kills what is left of it at the end."""
    shutil.copytree(REPOSITORY / "tests" / "reliability" / "project", tmp_path, dirs_exist_ok=True)
    started = []

    def run(*words):
        engine = ("engine=ray", "engine.name=ray", "engine.workers=1")  # the study names another
        started.append(Command(tmp_path, "run", "loaded", *engine, "replicates=1", *words))
        return started[-1]

    yield run
    for command in started:
        command.kill()


def listening(command: Command) -> set[str]:
    return {
        connection.laddr.ip
        for process in command.processes()
        for connection in process.net_connections(kind="tcp")
        if connection.status == psutil.CONN_LISTEN
    }


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_it_listens_on_loopback_and_a_driver_that_is_lost_leaves_no_process(start, tmp_path, watch, number):
    command = start("data.pause=86400", "model.starts_program=true")

    def has_started():
        assert command.process.poll() is None, command.output.read_text()
        return len([*tmp_path.glob("started/*")]) >= 2

    watch.wait_for(has_started, "a DataLoader process and a program")
    assert len(command.processes()) >= 8  # with the driver, Ray's own, an actor, its server and its worker
    addresses = listening(command)
    assert addresses
    assert addresses <= {"127.0.0.1", "::ffff:127.0.0.1", "::1"}
    assert {process.nice() for process in command.processes()} == {psutil.Process().nice()}
    started = [process for process in command.processes() if process.pid != command.process.pid]
    rays = [variables for process in started if "RAY_AUTH_MODE" in (variables := process.environ())]
    assert {variables.get("RAY_USAGE_STATS_ENABLED") for variables in rays} == {"0"}
    command.send(number)
    assert names(command.left_after(WAIT_S)) == []
    if number == signal.SIGINT:
        assert command.process.wait() == 130
        said = command.output.read_text()
        assert "Interrupted: 0 of 2 trials are done" in said
        assert "Traceback" not in said


def test_it_trains_and_leaves_no_process_and_no_temporary_file(start, monkeypatch):
    with tempfile.TemporaryDirectory(dir="/tmp") as temporary:  # a short path, in which sockets can be
        monkeypatch.setenv("TMPDIR", temporary)
        command = start()
        assert command.process.wait(WAIT_S) == 0, command.output.read_text()
        assert names(command.left_after(WAIT_S)) == []
        assert [*Path(temporary).iterdir()] == []
    assert "2 planned: 2 complete" in command.output.read_text()


IMPORTED_BEFORE = """
import os, secrets
import ray
from ablate.execute.engines.ray import connection
token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
os.environ.update(connection.VARIABLES | connection.LOCAL_VARIABLES | connection.LOOPBACK_VARIABLES | token)
started, address = connection._start(connection.ConnectionSettings(address=None))
connection.connect(connection.ConnectionSettings(address=address))
print(address.partition(":")[0], len(connection.nodes()))
connection.disconnect()
started.communicate()
"""


def test_an_instance_on_loopback_is_found_by_a_process_that_had_imported_ray_before():
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED_BEFORE], capture_output=True, text=True, timeout=WAIT_S, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "127.0.0.1 1\n"
