"""How Slurm's commands are called, and how their output is read."""

import os

import pytest

from ablate.errors import EngineError
from ablate.execute.engines.slurm import commands

SQUEUE = """12|0|RUNNING|ablate-head-1a|None
12|1|PENDING|ablate-head-1a|Resources
12|2|CANCELLED|ablate-head-1a|None
15|0|COMPLETED|ablate-head-2b|a|b
9|N/A|RUNNING|ablate-head-2b|None
"""


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Puts a program on the path in the place of one of Slurm's."""

    def make(name, text):
        (tmp_path / name).write_text(f"#!/bin/bash\n{text}\n")
        (tmp_path / name).chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
        return tmp_path

    return make


def test_tasks_are_grouped_by_array(program):
    folder = program("squeue", f'printf "%s\\n" "$@" > {{}}/words; cat <<END\n{SQUEUE}END')
    (folder / "squeue").write_text((folder / "squeue").read_text().replace("{}", str(folder)))
    found = commands.tasks(["ablate-head-2b", "ablate-head-1a"])
    assert {index: task.state for index, task in found["ablate-head-1a"][12].items()} == {
        0: "RUNNING", 1: "PENDING", 2: "CANCELLED",
    }  # fmt: skip
    assert [task.has_ended for _, task in sorted(found["ablate-head-1a"][12].items())] == [False, False, True]
    assert found["ablate-head-1a"][12][1].reason == "Resources"
    assert found["ablate-head-2b"] == {15: {0: commands.Task(state="COMPLETED", reason="a|b")}}
    words = (folder / "words").read_text().splitlines()
    assert {"--array", "--states=all", "--name=ablate-head-1a,ablate-head-2b"} <= set(words)


def test_no_command_runs_for_no_jobs(monkeypatch):
    monkeypatch.setattr(commands, "command", lambda *_: pytest.fail("asked"))
    assert commands.tasks([]) == {}
    commands.cancel([])


def test_an_unknown_state_does_not_count_as_ended():
    assert not commands.Task(state="SOMETHING_NEW", reason="None").has_ended
    assert not commands.Task(state="PREEMPTED", reason="None").has_ended
    assert commands.Task(state="NODE_FAIL", reason="None").has_ended


def test_without_slurm_the_message_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match=r"engine=slurm finds no sbatch on the path: .* engine=local"):
        commands.version()


@pytest.mark.parametrize(
    ("said", "is_transient"),
    [
        ("slurm_load_jobs error: Unable to contact slurm controller (connect failure)", True),
        ("sbatch: error: Batch job submission failed: Socket timed out on send/recv operation", True),
        ("sbatch: error: invalid partition specified: nope", False),
        ("sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying", False),
    ],
)
def test_an_error_has_slurms_message_and_says_whether_it_is_transient(program, said, is_transient):
    program("scancel", f"echo '{said}' >&2; exit 1")
    with pytest.raises(commands.SlurmError) as caught:
        commands.cancel(["3"])
    assert str(caught.value) == said
    assert caught.value.is_transient == is_transient


def test_a_command_that_does_not_end_is_killed(program, monkeypatch):
    monkeypatch.setattr(commands, "COMMAND_LIMIT_S", 0.2)
    program("scancel", "exec sleep 60")
    with pytest.raises(commands.SlurmError, match="timed out") as caught:
        commands.cancel(["3"])
    assert caught.value.is_transient


def test_variables_of_a_job_that_the_driver_runs_in_are_not_inherited(monkeypatch):
    for name in ("SLURM_MEM_PER_NODE", "SQUEUE_FORMAT"):
        monkeypatch.setenv(name, "1")
    for name in ("SLURM_CONF", "SBATCH_ACCOUNT"):
        monkeypatch.setenv(name, "kept")
    found = commands.environment()
    assert {"SLURM_MEM_PER_NODE", "SQUEUE_FORMAT"} & set(found) == set()
    assert (found["SLURM_CONF"], found["SBATCH_ACCOUNT"]) == ("kept", "kept")


def test_the_max_array_tasks_is_slurms_or_its_default(program):
    program("scontrol", "echo 'MaxArraySize            = 51'")
    assert commands.max_array_tasks() == 50
    program("scontrol", "exit 1")
    assert commands.max_array_tasks() == 1000
