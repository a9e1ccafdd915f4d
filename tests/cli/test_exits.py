"""What a command's exit code says, and what goes to which stream."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
import typer

from ablate.cli.exits import reported
from ablate.errors import ModelError
from ablate.python.display import Display
from ablate.store import StudyDirectory

BREAKS_ONCE = """
    import math
    from pathlib import Path

    import torch


    class Net(torch.nn.Module):
        def __init__(self, inputs: list, outputs: int, width: int):
            super().__init__()
            self.hidden = torch.nn.Linear(math.prod(inputs), width)
            self.out = torch.nn.Linear(width, outputs)
            self.steps = 0

        def forward(self, x):
            self.steps += self.training
            if self.hidden.out_features == 5 and self.steps == 3 and Path("broken").exists():
                Path("broken").unlink()
                raise RuntimeError("a part came off")
            return self.out(torch.relu(self.hidden(x.flatten(1))))
"""
OWN = ("breaking", "engine=inline", "model.width=4,5,6")


@pytest.fixture
def breaking(write):
    """A network that raises in the third step of one training of width 5, while a file says so."""
    write("breaking.py", BREAKS_ONCE)
    write(
        "conf/model/breaking.yaml",
        """
        # Breaks once
        _target_: breaking.Net
        inputs: ${data.inputs}
        outputs: ${data.outputs}
        width: 4
        """,
    )
    write(
        "conf/study/breaking.yaml",
        """
        # @package _global_
        defaults: [override /model: breaking]
        study:
          name: breaking
          question: Does it break?
          design: one_at_a_time
          response: test/accuracy
        data: {limit: 60, val_size: 10, test_size: 20, batch_size: 5}
        trainer: {max_epochs: 1}
        replicates: 2
        """,
    )
    return write("broken", "")


def test_done_is_0_with_tables_on_stdout_and_progress_on_stderr(ablate, tiny):
    result = ablate("run", *tiny)
    assert result.exit_code == 0
    assert result.stdout.startswith("smoke@data.limit=60,")
    assert "hidden_activation: tanh" in result.stdout
    assert "4/4 trials" in result.stderr
    assert "4/4 trials" not in result.stdout
    assert "Contrasts" not in result.stderr
    for chatter in ("GPU", "TPU", "Lightning", "warn", "`Trainer"):
        assert chatter not in result.stderr


def test_some_trials_failed_is_1_and_only_they_are_trained_again(ablate, here, breaking):
    result = ablate("run", *OWN)
    assert result.exit_code == 1
    assert "6 planned: 5 complete, 1 failed" in result.stdout
    assert "RuntimeError: a part came off" in " ".join(result.stdout.split())
    assert "6/6 trials, 1 failed" in result.stderr
    (study,) = (here / "results").iterdir()
    records = StudyDirectory(study).contents().records
    (failed,) = [r for r in records.values() if r.state == "failed"]
    assert failed.levels == {"model.width": "5"}
    traceback = study / "trials" / failed.id / "traceback.txt"
    assert f"trials/{failed.id}/traceback.txt" in re.sub(r"\s+", "", result.stdout)
    assert 'raise RuntimeError("a part came off")' in traceback.read_text()

    again = ablate("run", *OWN)
    assert again.exit_code == 0
    assert "6 planned: 6 complete" in again.stdout
    now = StudyDirectory(study).contents().records
    assert {i: r for i, r in now.items() if r != records.get(i)}.keys() == {failed.id}
    assert now[failed.id].state == "complete"
    assert not traceback.exists()


def test_an_interrupt_is_130_and_the_same_command_goes_on(ablate, here, tiny, monkeypatch):
    def interrupt(_display, record):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Display, "on_trial", interrupt)
        result = ablate("run", *tiny)
    assert (result.exit_code, result.stdout) == (130, "")
    assert "Interrupted: 0 of 4 trials" in result.stderr
    (study,) = (here / "results").iterdir()
    first = StudyDirectory(study).contents().records
    assert len(first) == 1

    assert ablate("run", *tiny).exit_code == 0
    now = StudyDirectory(study).contents().records
    assert len(now) == 4
    assert first.items() <= now.items()


HANG_S = 600
"""After which a process is taken to hang: no machine is so busy that one takes as long to end."""


def test_ctrl_c_stops_the_workers_too(here):
    command = [sys.executable, "-m", "ablate", "run", "smoke", "replicates=500", "trainer.max_epochs=20"]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stderr is not None
    first = [process.stderr.readline() for _ in range(3)]
    assert "0/1000 trials, preparing" in first[0], (first, process.kill())
    assert re.match(r"\d+/1000 trials.*; latest: ", first[2]), (first, process.kill())
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: driver, fork server and workers
    out, err = process.communicate(timeout=HANG_S)
    assert (process.returncode, out) == (130, "")
    against_the_plan = r"are done after .* of .* planned; about .* is left\. Run the same command to go on\."
    assert re.search(rf"Interrupted: \d+ of 1000 trials {against_the_plan}", err)
    assert "Traceback" not in err
    assert len(err.splitlines()) < 6
    deadline = time.monotonic() + HANG_S
    while _alive(process.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _alive(process.pid), "nothing of its process group is left"
    contents = StudyDirectory(here / "results/smoke@trainer.max_epochs=20").contents()
    assert contents.records
    assert not contents.unreadable


def _alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_mistake_is_2_in_the_users_words(capsys):
    @reported
    def command() -> None:
        raise ModelError("no such net")

    with pytest.raises(typer.Exit) as caught:
        command()
    assert caught.value.exit_code == 2
    assert capsys.readouterr() == ("", "Error: no such net\n")


@pytest.mark.parametrize("error", [ZeroDivisionError("ours"), BrokenPipeError("ours")])
def test_a_bug_is_1_with_its_traceback_in_a_file(error, capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    @reported
    def command() -> None:
        raise error

    with pytest.raises(typer.Exit) as caught:
        command()
    assert caught.value.exit_code == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback (most" not in err
    assert f"{type(error).__name__}: ours" in Path(err.split()[-1].rstrip(".")).read_text()


def test_a_command_says_its_own_exit_code(capsys):
    @reported
    def command() -> None:
        raise typer.Exit(1)

    with pytest.raises(typer.Exit) as caught:
        command()
    assert caught.value.exit_code == 1
    assert capsys.readouterr() == ("", "")


def test_a_reader_that_has_read_enough_is_no_error(here):
    process = subprocess.run(
        f"{sys.executable} -m ablate list | true; exit ${{PIPESTATUS[0]}}",
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        check=False,
        env={k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"},
    )
    assert (process.returncode, process.stderr) == (0, "")


LEAVES = """
import atexit, gc, signal, sys, threading
from ablate.cli.app import app
from ablate.cli.entry import main

go = threading.Event()

@app.command("work")
def work():
    threading.Thread(target=lambda: go.wait() and print("worked", gc.get_freeze_count() > 0)).start()
    print("said")
    raise SystemExit(3)

def last():
    signal.raise_signal(signal.SIGINT)
    print("registered", gc.get_freeze_count() > 0)

atexit.register(last)
sys.argv = ["ablate", "work"]
try:
    main()
finally:
    print("went on")
    go.set()
"""


def test_a_process_ends_as_any_does_but_for_garbage_and_ctrl_c():
    """Its threads are waited for, what has been registered is called; then nothing is frozen before it must be."""
    done = subprocess.run([sys.executable, "-c", LEAVES], capture_output=True, text=True, check=False)
    said = "said\nwent on\nworked False\nregistered True\n"
    assert (done.stdout, done.stderr, done.returncode) == (said, "", 3)


def test_a_command_ends_at_once_while_its_fork_server_still_loads(here):
    """A server loads for seconds; who mistypes a name waits for none of it, and leaves none of it behind."""
    command = [sys.executable, "-X", "importtime", "-m", "ablate", "plan", "smok"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    _, err = process.communicate(timeout=HANG_S)  # whoever is left holds stderr open
    assert process.returncode == 2
    assert "Did you mean 'smoke'" in err
    assert "ablate.execute.engines.local.preload" not in err, "the server was ended before it had loaded everything"


@pytest.mark.parametrize(
    ("stdout", "code", "says"), [(">&-", 0, ""), ("> /dev/full", 1, "cannot be written: No space")]
)
def test_an_output_that_takes_nothing_is_no_bug(stdout, code, says):
    command = f"{sys.executable} -m ablate list {stdout}"
    done = subprocess.run(["sh", "-c", command], stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == code
    assert says in done.stderr
    assert bool(done.stderr) is bool(says)
    assert "bug" not in done.stderr
