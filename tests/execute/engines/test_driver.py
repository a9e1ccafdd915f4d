"""A study whose driver or whose workers die: what is finished stays, and the same command goes on."""

import os
import signal
import subprocess
import sys
from collections import Counter

import pytest
import torch

from ablate import study
from ablate.errors import DeathError
from ablate.store import StudyDirectory

MODEL = """_target_: trouble.Net
inputs: ${data.inputs}
outputs: ${data.outputs}
width: 4
fault: none
pause: 0.0
"""

STUDY = """# @package _global_
defaults:
  - override /model: trouble
  - override /data: synthetic
  - override /objective: regression
study:
  name: {name}
  question: What becomes of it?
  design: one_at_a_time
  factors: [fault]
  response: test/mse
factor:
  fault:
    reference: none
    levels: {levels}
data: {{limit: 60, val_size: 20, test_size: 20}}
trainer: {{max_epochs: 1, accelerator: cpu}}
engine: {{name: local, workers: 2, threads: 1}}
"""

LEVELS = {
    "trouble": """
      none: [model.width=4]
      kill: [model.width=5, model.fault=kill]
      memory: [model.width=6, model.fault=memory]
      exit: [model.width=7, model.fault=exit]""",
    "lost": """
      none: [model.width=4]
      assert: [model.width=5, model.fault=assert]
      after: [model.width=6]""",
    "slow": """
      none: [model.width=4, model.fault=quota]
      also: [model.width=5, model.fault=quota]""",
}


@pytest.fixture
def project(place):
    """A working directory with a study of one's own, whose faults happen in workers only."""
    (place / "faults-anywhere").unlink()
    for group in ("model", "study"):
        (place / "conf" / group).mkdir(parents=True)
    (place / "conf" / "model" / "trouble.yaml").write_text(MODEL)
    for name, levels in LEVELS.items():
        (place / "conf" / "study" / f"{name}.yaml").write_text(STUDY.format(name=name, levels=levels))
    return place


def contents_of(project):
    """Trial id → the bytes of its record."""
    return {p.parent.name: p.read_bytes() for p in project.glob("results/*/trials/*/record.json")}


def test_inline_a_device_that_is_lost_ends_the_study_as_begun(project, listener, monkeypatch):
    """The command then ends with 1; `engine=local` goes on where it was."""
    (project / "faults-in-trials").touch()
    file = project / "conf/study/lost.yaml"
    file.write_text(file.read_text().replace("engine: {name: local, workers: 2, threads: 1}", ""))
    with monkeypatch.context() as planted:
        planted.setattr(torch.cuda, "is_initialized", torch.cuda.is_initialized)  # both are put back
        planted.setattr(torch.cuda, "synchronize", torch.cuda.synchronize)
        with pytest.raises(DeathError, match="1 of them as failed, and ") as caught:
            study.run(["lost", "replicates=1", "engine=inline"], observer=listener)
    assert caught.value.has_begun
    states = {record.levels["fault"]: record.state for record in listener.records}
    assert states == {fault: "failed" if fault == "assert" else "complete" for fault in states}
    assert list(states)[-1] == "assert"
    summary, _ = study.run(["lost", "replicates=1", "engine=local", "engine.workers=1"], observer=listener)
    assert (summary.complete, summary.failed) == (2, 1)


@pytest.mark.slow
def test_a_study_goes_on_past_failures_and_retries_only_them(project, listener):
    summary, path = study.run(["trouble", "replicates=2"], observer=listener)
    directory, states = StudyDirectory(path), Counter((r.levels["fault"], r.state) for r in listener.records)
    assert states == {("none", "complete"): 2} | {(fault, "failed"): 2 for fault in ("kill", "memory", "exit")}
    assert (summary.complete, summary.failed) == (2, 6)
    causes = {"kill": "SIGKILL", "memory": "MemoryError", "exit": "SystemExit"}
    for record in directory.contents().records.values():
        if record.state == "failed":
            text = (directory.trial(record.id) / "traceback.txt").read_text()
            assert causes[record.levels["fault"]] in text
    before = contents_of(project)
    (project / "no-faults").touch()
    again = type(listener)()
    summary, _ = study.run(["trouble", "replicates=2"], observer=again)
    assert Counter((r.levels["fault"], r.state) for r in again.records) == {(fault, "complete"): 2 for fault in causes}
    assert (again.already, summary.complete, summary.failed) == (2, 8, 0)
    finished = {r.id for r in listener.records if r.state == "complete"}
    assert {trial_id: contents_of(project)[trial_id] for trial_id in finished} == {
        trial_id: before[trial_id] for trial_id in finished
    }
    assert list(project.glob("results/*/trials/*/traceback.txt")) == []


@pytest.mark.slow
def test_a_driver_that_is_killed_and_one_that_is_interrupted_lose_nothing(project, watch):
    """kill -9, the same command, Ctrl-C, the same command: each finds what the one before has finished.

    Trials of `min_epochs` are not stacked: eight that end at once would leave nothing to go on with. Trainings wait
    once there are as many records as `quota` says, and for ever: a driver that waited for them would not end.
    """

    def start(quota):
        (project / "quota").write_text(str(quota))
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
        with (project / "stderr").open("w") as stderr:
            return subprocess.Popen(
                [sys.executable, "-m", "ablate", "run", "slow", "replicates=8", "+trainer.lightning.min_epochs=1"],
                cwd=project,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                start_new_session=True,
                env=environment,
            )

    def go_on_until_more_than(count, driver):
        def there_is():
            assert driver.poll() is None, (project / "stderr").read_text()
            return len(contents_of(project)) > count

        watch.wait_for(there_is, "another record")

    def gone():
        return not [pid for pid in watch.trained_in(project) if watch.is_alive(pid)]

    first = start(quota=1)
    go_on_until_more_than(0, first)
    assert not gone()
    first.kill()
    first.wait(watch.hang_s)
    watch.wait_for(gone, "the workers of a driver that was killed to end")
    after_kill = contents_of(project)
    assert 0 < len(after_kill) <= 2  # each of two workers may have seen no record before its own
    directory = StudyDirectory(next((project / "results").iterdir()))
    assert directory.contents().unreadable == {}

    second = start(quota=len(after_kill) + 2)
    go_on_until_more_than(len(after_kill), second)
    os.killpg(second.pid, signal.SIGINT)
    assert second.wait(watch.hang_s) == 130  # no training is waited for
    watch.wait_for(gone, "the workers of a driver that was interrupted to end")
    said = (project / "stderr").read_text()
    assert "Traceback" not in said
    assert "Run the same command to go on" in said
    after_interrupt = contents_of(project)
    assert len(after_kill) < len(after_interrupt) < 16
    assert {trial_id: after_interrupt[trial_id] for trial_id in after_kill} == after_kill
    assert directory.contents().unreadable == {}
    assert {r.state for r in directory.contents().records.values()} == {"complete"}

    third = start(quota=16)
    assert third.wait(watch.hang_s) == 0, (project / "stderr").read_text()
    finished = contents_of(project)
    assert len(finished) == 16
    assert {trial_id: finished[trial_id] for trial_id in after_interrupt} == after_interrupt
    watch.wait_for(gone, "the workers of a study that is done to end")
