"""The options of sbatch, the script of a task, and the messages of refused submissions."""

import subprocess
import sys

import pytest

from ablate.errors import EngineError
from ablate.execute.engines.slurm import commands, submission
from ablate.execute.engines.slurm.submission import Resources


def test_each_resource_is_an_option_and_further_options_come_last():
    asked = Resources(
        threads=2,
        partition="gpu",
        time_min=90,
        memory_gb=1.5,
        gpus=1,
        constraint="a100",
        options=("--qos=high", "--mem=8G"),
    )
    words = asked.words()
    assert words[-2:] == ["--qos=high", "--mem=8G"]
    expected = {"--cpus-per-task=2", "--partition=gpu", "--time=90", "--mem=1536M", "--gpus=1", "--constraint=a100"}
    assert expected | {"--requeue", "--signal=B:USR1@60"} <= set(words)


def test_what_is_not_set_has_the_default_of_the_cluster():
    words = " ".join(Resources(threads=1).words())
    assert not [word for word in ("partition", "time", "mem", "gpus", "constraint") if word in words]


def test_a_short_job_is_warned_in_the_middle_of_its_time():
    assert "--signal=B:USR1@30" in Resources(threads=1, time_min=1).words()


def test_the_script_executes_the_setup_and_then_the_task_from_any_folder(here):
    folder = here / "a folder"
    folder.mkdir()
    text = submission.script(folder, "digest", setup=["echo $((1 + 1))", "cd /"], python=sys.executable)
    path = here / "script.sh"
    path.write_text(text)
    done = subprocess.run(["bash", str(path)], capture_output=True, text=True, check=False, cwd="/")
    assert done.stdout == "2\n"
    assert "KeyError: 'SLURM_ARRAY_TASK_ID'" in done.stderr, "it is not in an array, and has come as far as that"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            "sbatch: error: invalid partition specified: nope",
            "engine.partition=nope: Slurm refuses the jobs: invalid partition specified: nope. Its partitions: a, b.",
        ),
        (
            "sbatch: error: Batch job submission failed: Requested node configuration is not available",
            "engine=slurm: Slurm refuses the jobs: Batch job submission failed: Requested node configuration is not "
            "available. They ask for: --nodes=1 --ntasks=1 --cpus-per-task=1",
        ),
        (
            "sbatch: error: Unable to contact slurm controller (connect failure)",
            "engine=slurm: Slurm does not answer: Unable to contact slurm controller (connect failure). `sinfo`",
        ),
    ],
)
def test_a_refusal_says_what_to_do(monkeypatch, said, expected):
    def refuse(*_, **__):
        raise commands.SlurmError(said)

    monkeypatch.setattr(commands, "command", refuse)
    monkeypatch.setattr(commands, "partitions", lambda: ("a", "b"))
    with pytest.raises(EngineError) as caught:
        submission.check(Resources(threads=1, partition="nope"))
    assert str(caught.value).startswith(expected)
