"""The sweep over processors: every test of floats is in it, and it says what has failed."""

import re
import subprocess
from types import SimpleNamespace

import pytest

from tests import REPOSITORY, processors
from tests.processors import SWEEPS, Processor

COMPARES = re.compile(r"allclose\(|assert_close\(|approx\(")
"""What compares floats within a tolerance."""

ROOMS = ("data", "execute", "identities", "models")
"""Where they are computed by torch."""

OTHERWISE = {
    "execute/engines/local/test_lost_workers.py": "minutes of a time limit, added up",
    "execute/loggers/test_run.py": "one number, as it was logged and as it is read back",
    "execute/engines/test_memory.py": "a limit in GB, as it was set",
    "execute/examine/test_latency.py": "seconds of a clock of the test's own",
    "execute/planner/test_overhead.py": "seconds",
    "execute/planner/test_timing_cache.py": "seconds",
    "execute/planner/test_schedule.py": "seconds",
    "execute/planner/test_gpu_arrangement.py": "seconds",
    "execute/planner/test_sharing.py": "seconds",
    "execute/planner/test_timing.py": "seconds",
}
"""Tests of floats that no kernel computes, and what they are."""


def test_every_test_of_floats_is_marked():
    tests = REPOSITORY / "tests"
    found = {
        str(path.relative_to(tests)): path.read_text(encoding="utf-8")
        for room in ROOMS
        for path in (tests / room).rglob("test_*.py")
    }
    compares = {name for name, text in found.items() if COMPARES.search(text)}
    assert compares - OTHERWISE.keys() == {name for name in compares if "pytest.mark.numeric" in found[name]}
    assert OTHERWISE.keys() <= compares


def test_a_sweep_is_of_different_processors_and_the_short_one_is_part_of_the_full_one():
    assert len(SWEEPS["short"]) == 2
    assert set(SWEEPS["short"]) < set(SWEEPS["full"])
    for sweep in SWEEPS.values():
        assert len({str(processor) for processor in sweep}) == len(sweep)


def test_what_is_not_limited_is_not_set(monkeypatch):
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX")
    limited = Processor(aten="default", onednn="SSE41", threads=2).environment
    assert (limited["ONEDNN_MAX_CPU_ISA"], limited["OMP_NUM_THREADS"]) == ("SSE41", "2")
    free = Processor(aten="avx512", onednn="", threads=1).environment
    assert not {"ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "MKL_CBWR"} & free.keys()


@pytest.mark.parametrize(
    ("best", "here"),
    [("DEFAULT", {"default"}), ("AVX2", {"default", "avx2"}), ("AVX512", {"default", "avx2", "avx512"})],
)
def test_only_what_the_processor_has_is_asked_for(monkeypatch, best, here):
    monkeypatch.setattr(processors.torch.backends.cpu, "get_cpu_capability", lambda: best)
    assert {processor.aten for processor in SWEEPS["full"] if processor.is_here} == here


@pytest.mark.parametrize(
    ("code", "printed", "passes", "line"),
    [
        (0, "..\n=== 7 passed, 1 skipped in 2.05s ===\n", True, "1 thread: 7 passed, 1 skipped; "),
        (
            1,
            "FAILED a\n=== 1 failed, 6 passed in 2.05s (0:00:02) ===\n",
            False,
            "1 thread: FAILED, 1 failed, 6 passed; ",
        ),
        (5, "=== 9 deselected in 0.1s ===\n", False, "1 thread: FAILED, no test has run; "),
        (0, "", False, "1 thread: FAILED, no test has run; "),
    ],
    ids=["passed", "failed", "none", "nothing"],
)
def test_each_processor_is_a_line_and_what_failed_is_shown(monkeypatch, capsys, code, printed, passes, line):
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: SimpleNamespace(returncode=code, stdout=printed))
    monkeypatch.setitem(SWEEPS, "short", (Processor(aten="default", onednn="SSE41", threads=1),))
    assert processors.main("short") == (not passes)
    out = capsys.readouterr().out
    assert f"ATen default, oneDNN at most SSE41, {line}" in out
    assert (printed in out) is (not passes)


def test_another_sweep_is_refused(capsys):
    assert processors.main("long") == 2
    assert capsys.readouterr().err == "There is no sweep 'long'. There are: short, full.\n"
