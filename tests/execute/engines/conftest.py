"""Jobs of tiny trainings, some of which go wrong on purpose, and a count of the processes that trained them."""

import os
import secrets
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from ablate.config.load import load
from ablate.design import DesignPoint
from ablate.execute.engines import engine
from ablate.execute.engines.ray import connection
from ablate.execute.train.job import Job
from ablate.plan import Bundle, Trial, streams, trial_id
from tests import REPOSITORY

CHANGED = {"local": {"workers": 2, "threads": 1}, "ray": {"workers": 2, "threads": 1}}
CHANGED["slurm"] = {"array_parallelism": 2, "memory_gb": 2, "poll_s": 0.5}
"""Settings in which the engines of the suite differ from those that ship: two workers on any machine."""

TROUBLE = '''"""A network that goes wrong on request, and notes which processes have built it."""

import json
import multiprocessing
import os
import signal
import sys
import time
from multiprocessing.util import get_temp_dir
from pathlib import Path

import torch
from torch import nn


LOST = set()
"""Processes in which an assertion on the device has failed: each later call of theirs fails, of whatever network."""

ASSERTED = "CUDA error: device-side assert triggered\\nCUDA kernel errors might be asynchronously reported"


class NoException(BaseException):
    """Caught by no `except Exception`."""


class Net(nn.Module):
    def __init__(self, inputs, outputs, width=4, fault="none", pause=0.0):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(*inputs, width), nn.Dropout(0.5), nn.ReLU(), nn.Linear(width, outputs))
        self.fault, self.pause = fault, pause
        Path("pids").mkdir(exist_ok=True)
        Path("pids", str(os.getpid())).write_text(os.environ.get("CUDA_VISIBLE_DEVICES", "all"))

    def forward(self, x):
        if os.getpid() in LOST:
            raise RuntimeError(ASSERTED)
        in_trial = is_a_trial(sys._getframe())
        in_worker = multiprocessing.parent_process() is not None and in_trial
        is_due = in_worker or Path("faults-anywhere").exists() or (in_trial and Path("faults-in-trials").exists())
        if self.training and is_due and not Path("no-faults").exists():
            if in_worker:
                time.sleep(self.pause)
            go_wrong(self.fault)
        y = self.body(x)
        return y * float("nan") if self.fault == "nan" else y


def lose(*_):
    raise RuntimeError(ASSERTED)


def is_a_trial(frame):
    """Whether a forward pass belongs to a trial, and not to a look at the network before it."""
    return frame is not None and (frame.f_code.co_name == "run_bundle" or is_a_trial(frame.f_back))


def go_wrong(fault):
    if fault == "raise":
        raise ValueError("the net is torn")
    if fault == "odd":
        raise ValueError("no such file: caf\\udce9")
    if fault == "memory":
        raise MemoryError("no 17 GB left")
    if fault == "crowded" and not [*Path("study").glob("trials/*/record.json")]:
        Path("waited-for").touch()  # the other trial goes on when this one has failed
        raise RuntimeError(Path("says").read_text())
    if fault == "short once" and not Path("short").exists():
        Path("short").touch()
        raise RuntimeError("CUDA error: out of memory")
    if fault == "assert" or (fault == "assert once" and not Path("asserted").exists()):
        Path("asserted").touch()
        LOST.add(os.getpid())
        torch.cuda.is_initialized = lambda: True
        torch.cuda.synchronize = lose
        raise RuntimeError(ASSERTED)
    if fault == "exit":
        sys.exit(3)
    if fault == "uncaught":
        raise NoException("nobody expects it")
    if fault == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if fault == "terminate":
        os.kill(os.getpid(), signal.SIGTERM)
    if fault == "interrupt":
        os.kill(os.getpid(), signal.SIGINT)
    if fault == "wait":
        while not Path("waited-for").exists():
            time.sleep(0.01)
    if fault == "quota":  # of records; a training waits while there are as many
        while len([*Path("results").glob("*/trials/*/record.json")]) >= int(Path("quota").read_text()):
            time.sleep(0.01)
    if fault == "sleep":
        time.sleep(86400)
    if fault == "spin":  # in C, where no Python signal handler runs
        sum(range(10**18))
    if fault == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    if fault == "kill once" and not Path("killed").exists():
        Path("killed").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if fault == "large":
        held = torch.ones(400_000_000, dtype=torch.uint8)  # until it is ended
        while len(held):
            time.sleep(0.05)
    if fault in ("kill late", "wait late"):  # once three epochs are kept
        Path("calls").mkdir(exist_ok=True)
        with Path("calls", str(os.getpid())).open("a") as file:
            file.write(".")
        folders = Path("study"), Path(get_temp_dir())  # in the second a node that does not see the first has its own
        kept = [json.loads(path.read_text()) for each in folders for path in each.rglob("checkpoint.json")]
        is_late = any(one["epoch"] == 3 for one in kept)
        if fault == "kill late" and is_late and not Path("killed").exists():
            Path("killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if fault == "wait late" and is_late:
            Path("late").touch()
            go_wrong("wait")
    if fault == "fork":  # both go on as if they were the process
        os.fork()
    if fault == "vanish":
        os._exit(0)
    if fault == "abort":
        os._exit(7)
'''


@pytest.fixture(scope="session")
def resolved(tmp_path_factory):
    """The smallest training there is."""
    words = ["smoke", "data=synthetic", "objective=regression", "study.response=test/mse", "trainer.accelerator=cpu"]
    sizes = ["data.limit=60", "data.val_size=20", "data.test_size=20"]
    return load([*words, *sizes], tmp_path_factory.mktemp("config")).resolve({}, [])


def _enter(place, monkeypatch):
    (place / "trouble.py").write_text(TROUBLE)
    (place / "faults-anywhere").touch()
    monkeypatch.chdir(place)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "trouble", raising=False)
    return place


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A working directory with the troublesome network in it."""
    yield _enter(tmp_path, monkeypatch)
    sys.modules.pop("trouble", None)


@pytest.fixture
def make_job(resolved, place):
    """One job: a trial of the troublesome network."""

    def make(fault="none", replicate=0, *, directory=None, timeout_min=None, memory_gb=None, epochs=1, **model):
        net = {"_target_": "trouble.Net", "inputs": [10], "outputs": 1, "fault": fault, **model}
        config = resolved.with_groups(model=net).with_settings(
            "trainer", timeout_min=timeout_min, memory_gb=memory_gb, max_epochs=epochs
        )
        trial = Trial(
            id=trial_id(config, seed=0, replicate=replicate),
            study="trouble",
            point=DesignPoint(levels={"fault": fault}),
            replicate=replicate,
            seed=0,
            streams=streams(0, replicate),
            config=config,
        )
        return Job(
            bundle=Bundle(trials=(trial,)), directory=directory or place / "study", sources=("cafe",), commit=None
        )

    return make


@pytest.fixture
def join():
    """One job of many, to be stacked."""

    def joined(jobs):
        trials, sources = zip(*((job.bundle.trials[0], job.sources[0]) for job in jobs), strict=True)
        return replace(jobs[0], bundle=Bundle(trials=trials, stacked=True), sources=sources)

    return joined


@pytest.fixture(scope="session")
def ray_variables():
    """The environment of a Ray that listens on loopback only, and takes no connection without a token."""
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    variables = connection.VARIABLES | connection.LOCAL_VARIABLES | connection.LOOPBACK_VARIABLES | token
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="session")
def ray_address(ray_variables):
    """A Ray of one node, for all tests: to start one takes many seconds."""
    process, address = connection._start(connection.ConnectionSettings(address=None, cpus=4))
    yield address
    connection.disconnect()
    process.communicate()  # its input closes, and it ends


@pytest.fixture
def make_engine(request):
    def make(name, **changes):
        shipped = yaml.safe_load((REPOSITORY / "conf/engine" / f"{name}.yaml").read_text(encoding="utf-8"))
        if name == "ray" and "address" not in changes:
            changes["address"] = request.getfixturevalue("ray_address")
        return engine(shipped | CHANGED.get(name, {}) | changes)

    return make


def trained_in(place: Path) -> set[int]:
    """The processes that have built the network, this one apart."""
    return {int(path.name) for path in (place / "pids").glob("*")} - {os.getpid()}


def is_alive(pid: int) -> bool:
    """Whether a process is there and is no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


HANG_S = 600
"""After which what has not happened never will: only a hang takes as long, however busy the machine is."""


def wait_for(condition, what: str, limit_s: float = HANG_S) -> None:
    """Waits until a condition holds."""
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, f"waited {limit_s} s in vain for {what}"
        time.sleep(0.02)


@pytest.fixture(scope="session")
def watch():
    """`trained_in`, `is_alive` and `wait_for`, for tests in files that cannot import this one."""

    class Watch:
        hang_s = HANG_S
        trained_in = staticmethod(trained_in)
        is_alive = staticmethod(is_alive)
        wait_for = staticmethod(wait_for)

    return Watch
