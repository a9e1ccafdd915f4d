"""Fixtures for all rooms: a working directory of one's own, small studies, and a quiet machine."""

import os
import shutil
import signal
import tempfile

# Before torch or numpy is imported anywhere: two test workers share two cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no failure: no example of a property, and no drawing of one, has a time limit.
settings.register_profile("ablate", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ablate")
# A shell ignores Ctrl-C for what it starts in the background, and a test that raises it would wait in vain.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config: pytest.Config) -> None:
    """A cache of this process, be it pytest's own or one of its workers, which goes with it. And no GPU is seen.

    What is measured of this machine while tests crowd it is nobody's to keep. Numbers that are exact on a CPU are not
    those of a GPU: `pytest -m gpu` runs the tests for one.
    """
    cache = os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(prefix="ablate-tests-")
    config.add_cleanup(lambda: shutil.rmtree(cache, ignore_errors=True))
    if config.option.markexpr != "gpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what needs Slurm, unless it is asked for: `make test-slurm` starts one."""
    if config.option.markexpr != "slurm":
        needs_slurm = pytest.mark.skip(reason="needs Slurm: make test-slurm")
        for item in items:
            if item.get_closest_marker("slurm") is not None:
                item.add_marker(needs_slurm)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory; results go there."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Listener:
    """Keeps what a run says."""

    def __init__(self) -> None:
        self.remarks: list[str] = []
        self.records: list = []
        self.expected: list[float | None] = []
        self.total = self.already = -1

    def on_message(self, message: str) -> None:
        self.remarks.append(message)

    def on_preparation(self, planned) -> None:
        pass

    def on_start(self, planned, already: int) -> None:
        self.total, self.already, self.response = len(planned.trials), already, planned.spec.response.name

    def on_schedule(self, schedule) -> None:
        self.expected.append(schedule.seconds)

    def on_trial(self, record) -> None:
        self.records.append(record)

    def on_budget_spent(self, message: str) -> None:
        self.remarks.append(message)


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def kept_timings(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the first run has measured serves the next, however busy the machine was: both stack the same trials."""
    from ablate.execute.planner import timing_cache

    monkeypatch.setattr(timing_cache, "MIN_CPU_SHARE", 0.0)
