"""`make gpu` itself, on the CPU."""

import json
import subprocess
import sys

import pytest

from tests.conftest import REPOSITORY
from tests.gpu._stage import STAGES, checked


def gpu(*words):
    command = [sys.executable, "-m", "tests.gpu", *words]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)


def test_the_stages_take_eight_minutes_at_most():
    assert sum(stage.limit_s for stage in STAGES) <= 480


def test_a_stage_is_printed_and_kept():
    done = gpu("cpu", "versions")
    assert done.returncode == 0, done.stderr
    assert "versions: passed" in done.stdout
    assert json.loads((REPOSITORY / "build/gpu/cpu-versions.json").read_text())["state"] == "passed"
    table = (REPOSITORY / "build/gpu/cpu.md").read_text()
    assert "no figure here is a GPU's" in table
    assert "| torch |" in table


@pytest.mark.parametrize(("words", "says"), [(("tpu",), "No device tpu"), (("cpu", "speed"), "No stage speed")])
def test_a_wrong_word(words, says):
    done = gpu(*words)
    assert done.returncode == 2
    assert says in done.stderr


def test_one_row_that_is_not_ok_is_a_failure():
    assert checked(("what", ""), [("a", "ok"), ("b", "ok")]).state == "passed"
    assert checked(("what", ""), [("a", "ok"), ("b", "different")]).state == "failed"
