"""A driver that is lost takes all with it: fork server, workers, DataLoader processes, programs of the user's."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests import REPOSITORY
from tests.reliability.command import Command, names

pytestmark = pytest.mark.slow

WAIT_S = 300
"""Nothing takes so long to end but what never does. Torch looks for a lost parent every 5 s."""


@pytest.fixture
def start(tmp_path):
    """Starts a command in a project whose data module loads in processes, and kills what is left of it at the end."""
    shutil.copytree(REPOSITORY / "tests" / "reliability" / "project", tmp_path, dirs_exist_ok=True)
    started = []

    def run(*words, **environment):
        started.append(Command(tmp_path, "run", "loaded", *words, **environment))
        return started[-1]

    yield run
    for command in started:
        command.kill()


def loading(folder: Path) -> list[int]:
    return [int(path.name) for path in folder.glob("started/*")]


LONG = ("data.pause=86400", "model.starts_program=true")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_driver_that_is_lost_leaves_no_process(start, tmp_path, watch, number):
    command = start(*LONG, "replicates=1")
    watch.wait_for(lambda: len(loading(tmp_path)) >= 2, "a DataLoader process and a program")
    assert len(command.processes()) >= 5  # with the driver, the server, and a worker
    command.send(number)
    assert names(command.left_after(WAIT_S)) == []
    if number != signal.SIGKILL:
        assert command.process.wait() == 130
        assert "Interrupted: 0 of 2 trials are done" in command.output.read_text()
        assert "Traceback" not in command.output.read_text()


def test_workers_that_are_stopped_end_with_a_driver_that_is_killed(start, tmp_path, watch):
    command = start(*LONG, "replicates=1")
    watch.wait_for(lambda: len(loading(tmp_path)) >= 2, "a DataLoader process and a program")
    for process in command.processes():
        if process.pid != command.process.pid and process.ppid() != command.process.pid:
            process.suspend()
    command.send(signal.SIGKILL)
    assert names(command.left_after(WAIT_S)) == []


@pytest.mark.parametrize("victim", ["worker", "server"])
def test_a_worker_that_is_lost_leaves_no_process(start, tmp_path, watch, victim):
    """Killed itself, or with its server: another process then trains the trial, and must be the only one."""
    start(*LONG, "replicates=1", "engine.workers=1")
    watch.wait_for(lambda: len(loading(tmp_path)) >= 2, "a DataLoader process and a program")
    before = [psutil.Process(pid) for pid in loading(tmp_path)]
    (worker,) = {process.ppid() for process in before}
    psutil.Process(worker if victim == "worker" else psutil.Process(worker).ppid()).kill()
    watch.wait_for(lambda: not any(process.is_running() for process in before), "the processes of the worker to end")
    watch.wait_for(lambda: not psutil.pid_exists(worker), "the worker to end")
    watch.wait_for(lambda: len(loading(tmp_path)) >= 4, "another worker")


def test_a_data_loader_adds_one_process_and_no_server(start, tmp_path, watch):
    """A child of the worker, which is a child of the driver's one server: another would take seconds to load."""
    command = start("data.pause=86400", "replicates=1", "engine.workers=1")
    watch.wait_for(lambda: loading(tmp_path), "a DataLoader process")
    (loader,) = (psutil.Process(pid) for pid in loading(tmp_path))
    assert [parent.pid for parent in loader.parents()[:3]].index(command.process.pid) == 2
    assert len(command.processes()) == 5  # driver, resource tracker, server, worker, loader


def test_a_data_loader_starts_as_in_any_python_process(start, tmp_path):
    """Not by a server of its own, which would import torch anew for each of the trainings."""
    expected = "import multiprocessing as m; print(m.get_start_method())"
    plain = subprocess.run([sys.executable, "-c", expected], capture_output=True, text=True, check=True).stdout.strip()
    command = start("replicates=2")
    assert command.process.wait() == 0
    assert (tmp_path / "start-method").read_text() == plain


def test_a_worker_is_ended_by_sigterm_whatever_the_end_of_its_children_raises():
    """Torch's handler of SIGCHLD raises when a process of a DataLoader was ended."""
    script = """
import multiprocessing, os, signal, time
from ablate.execute.engines.local import worker

def ended(*_):
    raise RuntimeError("DataLoader worker is killed by signal: Terminated.")

child = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,))
child.start()
terminate = child.terminate
child.terminate = lambda: (terminate(), child.join())
signal.signal(signal.SIGCHLD, ended)
signal.signal(signal.SIGTERM, worker._end)
os.kill(os.getpid(), signal.SIGTERM)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (-signal.SIGTERM, "")
