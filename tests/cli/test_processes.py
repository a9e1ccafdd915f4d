"""What a command says and returns where processes, or the places that they need, go wrong."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from ablate.errors import EngineError
from ablate.execute import tasks
from tests import REPOSITORY

NEVER_ENDS = """
    import math
    import sys
    import time

    import torch


    class Net(torch.nn.Module):
        def __init__(self, inputs: list, outputs: int, width: int):
            super().__init__()
            self.out = torch.nn.Linear(math.prod(inputs), outputs)
            self.hidden = torch.nn.Linear(math.prod(inputs), width)
            self.width = width

        def forward(self, x):
            frames = sys._current_frames().values()
            if self.training and self.width == 5 and any(called(frame, "run_bundle") for frame in frames):
                time.sleep(86400)
            return self.out(x.flatten(1)) + self.hidden(x.flatten(1)).sum()


    def called(frame, name):
        return frame is not None and (frame.f_code.co_name == name or called(frame.f_back, name))
"""
TINY = ("data.limit=60", "data.val_size=20", "data.test_size=20", "trainer.max_epochs=1", "replicates=1")


@pytest.fixture
def endless(write):
    write("endless.py", NEVER_ENDS)
    write(
        "conf/model/endless.yaml",
        """
        # Never ends with width 5
        _target_: endless.Net
        inputs: ${data.inputs}
        outputs: ${data.outputs}
        width: 4
        """,
    )
    write(
        "conf/study/endless.yaml",
        """
        # @package _global_
        defaults:
          - override /model: endless
        study:
          name: endless
          question: Does it end?
          design: one_at_a_time
          factors: []
          response: test/accuracy
        """,
    )
    return ("endless", "model.width=4,5", "trainer.timeout_min=0.05", "engine.workers=1", *TINY)


@pytest.mark.slow
def test_a_trial_that_ran_out_of_time_is_censored_until_it_is_asked_for(endless, ablate, refused, here):
    result = ablate("run", *endless)
    assert result.exit_code == 1, result.stderr
    assert "1 complete, 1 timed out" in result.stdout
    assert "1 of 2 trials ran out of time (trainer.timeout_min)" in " ".join(result.stdout.split())
    (study,) = (here / "results").iterdir()
    points = ablate("show", study.name, "--table", "points", "--format", "csv")
    assert "timed_out" in points.stdout.splitlines()[0]
    again = ablate("run", *endless)
    assert again.exit_code == 1
    assert "1 of 2 trials ran out of time and are not trained again; --retry timed_out trains them again." in " ".join(
        again.stderr.split()
    )
    source = here / "endless.py"
    source.write_text(source.read_text().replace("time.sleep(86400)", "time.sleep(0)"))
    done = ablate("run", *endless, "--retry", "timed_out", "--stale", "keep")
    assert done.exit_code == 0
    assert "2 complete" in done.stdout


def test_an_engine_that_cannot_end_a_trial_refuses_a_limit(refused, here):
    for command in ("run", "plan"):
        said = refused(command, "smoke", "engine=inline", "trainer.timeout_min=1")
        assert "trainer.timeout_min=1 cannot be kept: engine=inline" in said
        assert "engine=local can" in said
    assert not (here / "results").exists()


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf"])
def test_a_limit_that_is_none_is_refused(refused, value):
    assert "trainer.timeout_min" in refused("run", "smoke", f"trainer.timeout_min={value}")


def test_a_limit_makes_no_other_trial(ablate, here):
    assert ablate("run", "smoke", *TINY).exit_code == 0
    again = ablate("run", "smoke", *TINY, "trainer.timeout_min=5")
    assert again.exit_code == 0
    assert len([*here.glob("results/*")]) == 1
    assert "2/2 trials" not in again.stderr


@pytest.mark.parametrize("engine", ["inline", "local"])
def test_a_number_of_threads_that_no_machine_starts_is_refused(refused, here, engine):
    said = refused("run", "smoke", f"engine={engine}", "engine.threads=3000")
    assert "engine.threads=3000 is more than this machine can run" in said
    assert not (here / "results").exists()


def die(*_args, **_kwargs):
    raise EngineError("The process that examined the study's networks died: killed by SIGKILL.")


@pytest.mark.parametrize(("task", "code"), [("examine", 2), ("measure", 1), ("schedule", 1)])
def test_code_2_says_that_nothing_was_written(ablate, here, monkeypatch, task, code):
    monkeypatch.setattr(tasks, task, die)
    result = ablate("run", "smoke", "engine=inline", *TINY)
    assert (result.exit_code, result.stdout) == (code, "")
    assert "killed by SIGKILL" in result.stderr
    assert (here / "results").exists() is (code == 1)


def run(*words, **environment):
    return subprocess.run(
        [sys.executable, "-m", "ablate", *words],
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_a_long_path_of_temporary_files_does_no_harm(here):
    long = here / ("long" * 25)
    long.mkdir()
    done = run("run", "smoke", *TINY, TMPDIR=str(long))
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert [*long.iterdir()] == []


@pytest.mark.parametrize("command", ["run", "show", "plan", "list"])
def test_a_working_directory_that_was_removed_is_said(here, command):
    gone = here / "gone"
    gone.mkdir()
    os.chdir(gone)
    shutil.rmtree(gone)
    done = run(command, "smoke") if command != "list" else run("list", "studies")
    os.chdir(here)
    assert done.returncode == 2
    assert "The working directory has been removed." in done.stderr
    assert "Traceback" not in done.stderr


def test_a_command_that_ends_by_sigterm_says_so_as_by_ctrl_c(here):
    codes = {}
    for number in (signal.SIGINT, signal.SIGTERM):
        with subprocess.Popen(
            [sys.executable, "-m", "ablate", "run", "smoke", *TINY, "trainer.max_epochs=100000"],
            env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stderr is not None
            while not [*here.glob("results/*/study.yaml")]:
                assert process.poll() is None
                time.sleep(0.01)
            process.send_signal(number)
            said = process.stderr.read()
            shutil.rmtree(here / "results")
            codes[number.name] = (process.wait(), "Run the same command to go on." in said, "Traceback" in said)
    assert codes == {"SIGINT": (130, True, False), "SIGTERM": (130, True, False)}
