"""Jobs in a real Slurm: killed, cancelled, queued again, detached. `make test-slurm` starts a cluster of one node."""

import os
import pickle
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import replace

import psutil
import pytest

from ablate.errors import EngineError
from ablate.execute.engines.slurm import arrays, commands, submission
from ablate.execute.engines.slurm.batch import Batch, batches
from ablate.store import StudyDirectory

pytestmark = [pytest.mark.slurm, pytest.mark.slow]

SHORT_MIN = 0.05
EVERY_EPOCH = 1e-9


@pytest.fixture(autouse=True)
def short_delay(monkeypatch):
    """There is one file system, so a reply is visible at once."""
    monkeypatch.setattr(arrays, "REPLY_DELAY_S", 2.0)


@pytest.fixture(autouse=True)
def nothing_left(watch):
    """Waits for tasks that have replied and not ended yet."""
    yield
    watch.wait_for(lambda: not squeue("%i"), "all jobs to end", limit_s=30)


def squeue(form):
    return commands.command("squeue", "--noheader", "--array", f"--format={form}").splitlines()


def run(engine, jobs):
    said = []
    engine.on_message = said.append
    return [record for records in engine.run(jobs) for record in records], said


def ids(jobs):
    return [trial.id for job in jobs for trial in job.bundle.trials]


def only(place):
    (batch,) = batches(place / "study")
    return batch


def test_a_process_that_is_killed_or_never_ends_costs_its_trial_only(make_engine, make_job, place):
    jobs = [make_job("kill once", 0), make_job("spin", 1, timeout_min=SHORT_MIN), make_job("none", 2)]
    jobs += [make_job("kill", 3), make_job("stop", 4, timeout_min=SHORT_MIN)]
    records, said = run(make_engine("slurm"), jobs)
    states = {r.replicate: r.state for r in records}
    assert states == {0: "complete", 1: "timed_out", 2: "complete", 3: "failed", 4: "timed_out"}
    assert len(said) == 2
    assert f"trial {ids(jobs)[0]} (fault kill once, replicate 0) died: killed by SIGKILL" in "".join(said)
    assert StudyDirectory(place / "study").contents().records == {r.id: r for r in records}
    assert not (place / "study" / "slurm").exists()


def test_no_more_jobs_run_than_array_parallelism_allows_retries_included(make_engine, make_job, place, watch):
    most = [0]
    ended = threading.Event()

    def count():
        while not ended.is_set():
            most.append(sum("RUNNING" in line for line in squeue("%T")))
            time.sleep(0.2)

    counting = threading.Thread(target=count)
    counting.start()
    records, _ = run(make_engine("slurm", array_parallelism=2), [make_job("kill", r) for r in range(3)])
    ended.set()
    counting.join()
    assert [r.state for r in records] == ["failed"] * 3
    assert 1 <= max(most) <= 2
    assert "its worker died: killed by SIGKILL (out of memory, most often)" in {r.error for r in records}


@pytest.mark.parametrize("is_cancelled", [False, True])
def test_a_task_that_is_killed_is_trained_again_unless_somebody_has_cancelled_it(
    make_engine, make_job, place, watch, is_cancelled
):
    """Not the worker is killed, but the task that waits for it: it writes no reply."""

    def kill():
        watch.wait_for(lambda: watch.trained_in(place), "a training")
        if is_cancelled:
            commands.command("scancel", f"{only(place).job_id}_0")
        else:
            (pid,) = watch.trained_in(place)
            psutil.Process(pid).parent().parent().kill()  # the fork server's parent
        (place / "waited-for").touch()

    killing = threading.Thread(target=kill)
    killing.start()
    records, said = run(make_engine("slurm"), [make_job("wait")])
    killing.join()
    if is_cancelled:
        assert [(r.state, r.error) for r in records] == [("failed", "its job was cancelled in Slurm")]
        assert said == []
    else:
        assert [r.state for r in records] == ["complete"]
        assert "died: its job ended in Slurm as FAILED" in said[0]


def test_a_job_that_is_pre_empted_is_queued_again_and_ends(make_engine, make_job, place, watch):
    """A job of a partition of higher priority takes the whole node."""

    def preempt():
        watch.wait_for(lambda: watch.trained_in(place), "a training")
        words = ("--partition=urgent", "--cpus-per-task=4", "--output=/dev/null", "--wrap=sleep 2")
        commands.command("sbatch", "--parsable", *words)
        watch.wait_for(lambda: not [p for p in watch.trained_in(place) if watch.is_alive(p)], "the training to end")
        (place / "waited-for").touch()

    preempting = threading.Thread(target=preempt)
    preempting.start()
    records, said = run(make_engine("slurm"), [make_job("wait")])
    preempting.join()
    assert [r.state for r in records] == ["complete"]
    assert len(watch.trained_in(place)) == 2
    assert said == ["Slurm has stopped a job early and queued it again."]
    watch.wait_for(lambda: not squeue("%i"), "the other job to end")


def test_a_job_that_is_pre_empted_and_not_queued_again_is_submitted_again(
    make_engine, make_job, place, watch, monkeypatch
):
    """The mode of pre-emption of its partition is CANCEL."""
    monkeypatch.setattr(arrays, "PREEMPTED_S", 3.0)

    def preempt():
        watch.wait_for(lambda: watch.trained_in(place), "a training")
        commands.command("sbatch", "--partition=urgent", "--cpus-per-task=4", "--output=/dev/null", "--wrap=sleep 2")
        watch.wait_for(lambda: not [p for p in watch.trained_in(place) if watch.is_alive(p)], "the training to end")
        (place / "waited-for").touch()

    preempting = threading.Thread(target=preempt)
    preempting.start()
    records, said = run(make_engine("slurm", partition="cancelling"), [make_job("wait")])
    preempting.join()
    assert [r.state for r in records] == ["complete"]
    assert len(watch.trained_in(place)) == 2
    assert "died: its job was pre-empted in Slurm, and not queued again" in said[0]


def test_a_node_that_fails_costs_a_start(make_engine, make_job, place, watch):
    host = commands.command("sinfo", "--noheader", "--format=%n").split()[0]

    def fail():
        watch.wait_for(lambda: watch.trained_in(place), "a training")
        commands.command("scontrol", "update", f"NodeName={host}", "State=DOWN", "Reason=test")
        watch.wait_for(lambda: not [p for p in watch.trained_in(place) if watch.is_alive(p)], "the node's processes")
        (place / "waited-for").touch()
        with suppress(commands.SlurmError):  # it has come back by itself
            commands.command("scontrol", "update", f"NodeName={host}", "State=RESUME")

    failing = threading.Thread(target=fail)
    failing.start()
    records, _ = run(make_engine("slurm"), [make_job("wait")])
    failing.join()
    assert [r.state for r in records] == ["complete"]


def test_a_job_that_finishes_no_trial_in_its_time_is_not_queued_for_ever(make_engine, make_job, place):
    """No training was finished, so another start would end in the same way. Slurm signals up to a minute early."""
    records, said = run(make_engine("slurm", time_min=1), [make_job("spin")])
    assert [r.state for r in records] == ["failed"]
    assert "its job reached its time limit in Slurm" in records[0].error
    assert "engine.time_min" in records[0].error
    assert said == []


def test_a_job_that_has_finished_a_trial_is_queued_again_at_its_time_limit(
    make_engine, make_job, join, place, watch, monkeypatch
):
    """Of two trials in turn the first is finished, and the second waits until the job has been started again."""
    monkeypatch.setattr(submission, "TIME_LIMIT_WARNING_S", 5)
    job = join([make_job("none", 0), make_job("wait", 1)])
    job = replace(job, bundle=replace(job.bundle, stacked=False))

    def release():
        watch.wait_for(lambda: starts(place) > 1, "a second start")
        (place / "waited-for").touch()

    releasing = threading.Thread(target=release)
    releasing.start()
    records, said = run(make_engine("slurm", time_min=1), [job])
    releasing.join()
    assert {r.replicate: r.state for r in records} == {0: "complete", 1: "complete"}
    assert said in ([], ["Slurm has stopped a job early and queued it again."])


@pytest.mark.numeric
@pytest.mark.parametrize(("how", "size"), [("requeue", 1), ("requeue", 3), ("time limit", 1)])
def test_a_job_that_is_started_again_goes_on_from_the_state_that_was_kept(
    make_engine, make_job, join, place, watch, monkeypatch, how, size
):
    """Slurm ends its first start in the fourth of six epochs: the second trains the last three, to the same bits."""
    monkeypatch.setattr(submission, "TIME_LIMIT_WARNING_S", 5)
    jobs = [make_job("wait late", replicate, epochs=6) for replicate in range(size)]
    job = replace(jobs[0] if size == 1 else join(jobs), checkpoint_min=EVERY_EPOCH)

    def stop():
        watch.wait_for((place / "late").exists, "three epochs to be kept")
        if how == "requeue":
            commands.command("scontrol", "requeue", f"{only(place).job_id}_0")
        watch.wait_for(lambda: starts(place) > 1 or ended.is_set(), "a second start")
        (place / "waited-for").touch()

    ended = threading.Event()
    stopping = threading.Thread(target=stop)
    stopping.start()
    records, said = run(make_engine("slurm", time_min=1 if how == "time limit" else None), [job])
    ended.set()
    stopping.join()
    assert said in ([], ["Slurm has stopped a job early and queued it again."])
    calls = [len(path.read_text()) for path in (place / "calls").iterdir()]
    whole, _ = run(make_engine("inline"), [replace(job, directory=place / "undisturbed", checkpoint_min=None)])
    assert len(calls) == 2
    assert max(calls) < len((place / "calls" / str(os.getpid())).read_text()), "each start trained a part of it"
    assert {r.id: (r.state, r.responses) for r in records} == {r.id: ("complete", r.responses) for r in whole}
    for record in whole:
        curves = [StudyDirectory(place / name).trial(record.id) / "curve.csv" for name in ("study", "undisturbed")]
        assert curves[0].read_bytes() == curves[1].read_bytes()
    assert not [*place.rglob("checkpoint.*")], "a record takes the place of a state"


def starts(place):
    return sum(len(file.read_text().splitlines()) for file in place.glob("study/slurm/*/0.begun"))


def test_what_is_detached_is_collected_once_by_the_next_driver(make_engine, make_job, place, watch):
    jobs = [make_job("none", 0), make_job("raise", 1), make_job("wait", 2)]
    said = make_engine("slurm").submit(jobs)
    assert "3 jobs are in Slurm (array " in said
    assert "3 of them from an earlier command" in make_engine("slurm").submit(jobs)
    assert len(list(batches(place / "study"))) == 1, "no job is submitted twice"
    directory = StudyDirectory(place / "study")
    watch.wait_for(lambda: len(directory.contents().records) == 2, "two records")
    (place / "waited-for").touch()
    records, _ = run(make_engine("slurm"), jobs)
    assert Counter(r.id for r in records) == Counter(ids(jobs))
    assert {r.replicate: r.state for r in records} == {0: "complete", 1: "failed", 2: "complete"}
    assert len(watch.trained_in(place)) == 3, "each was trained by one process, once"


def test_closing_leaves_what_was_detached_and_cancels_the_rest(make_engine, make_job, place, watch):
    make_engine("slurm").submit([make_job("wait", 0)])
    watch.wait_for(lambda: watch.trained_in(place), "a training")
    engine, said = make_engine("slurm"), []
    engine.on_message = said.append
    results = engine.run([make_job("wait", 0), make_job("none", 1), make_job("sleep", 2)])
    assert next(results)[0].replicate == 1
    results.close()
    (left,) = batches(place / "study")
    assert left.description.is_detached
    assert [f"array {left.job_id}" in text for text in said] == [True]
    assert [line.split()[0] for line in squeue("%i %T") if "RUNNING" in line] == [f"{left.job_id}_0"]
    (place / "waited-for").touch()
    records, _ = run(make_engine("slurm"), [make_job("wait", 0)])
    assert [r.state for r in records] == ["complete"]


DRIVER = """
import pickle, sys
from pathlib import Path
from ablate.execute.engines import engine
from ablate.store import StudyDirectory
settings, jobs = pickle.loads(Path("sent").read_bytes())
done = StudyDirectory(Path("study")).contents().records
if __name__ == "__main__":
    for records in engine(settings).run([job for job in jobs if job.bundle.trials[0].id not in done]):
        print(*[record.id for record in records], flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_jobs_outlive_a_driver_that_is_killed_and_end_with_one_that_is_interrupted(
    make_engine, make_job, place, watch, number
):
    jobs = [make_job("wait", replicate) for replicate in range(2)]
    settings = {"name": "slurm", "array_parallelism": 2, "memory_gb": 2, "poll_s": 0.5}
    (place / "sent").write_bytes(pickle.dumps((settings, jobs)))
    (place / "driver.py").write_text(DRIVER)
    path = os.pathsep.join(p for p in sys.path if p)
    driver = subprocess.Popen([sys.executable, "driver.py"], env=os.environ | {"PYTHONPATH": path}, cwd=place)
    watch.wait_for(lambda: len(watch.trained_in(place)) == 2, "two trainings")
    driver.send_signal(number)
    driver.wait()
    living = [pid for pid in watch.trained_in(place) if watch.is_alive(pid)]
    assert len(living) == (2 if number == signal.SIGKILL else 0)
    (place / "waited-for").touch()
    records, _ = run(make_engine("slurm"), jobs)
    assert Counter(r.id for r in records) == Counter(ids(jobs))
    assert {r.state for r in records} == {"complete"}
    assert len(watch.trained_in(place)) == (2 if number == signal.SIGKILL else 4)


def test_a_driver_that_is_killed_again_and_again_trains_each_trial_once(make_job, place, watch):
    """Before it submits, while sbatch runs, and after: drawn at random, from when it is imported on."""
    jobs = [make_job("none", replicate, width=width) for replicate in range(2) for width in (4, 8)]
    settings = {"name": "slurm", "array_parallelism": 2, "memory_gb": 2, "poll_s": 0.5}
    (place / "sent").write_bytes(pickle.dumps((settings, jobs)))
    (place / "driver.py").write_text(DRIVER.replace("if __name__", "Path('ready').touch()\nif __name__"))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    draws = random.Random(7)
    for _ in range(8):
        (place / "ready").unlink(missing_ok=True)
        driver = subprocess.Popen([sys.executable, "driver.py"], env=environment, cwd=place)
        watch.wait_for((place / "ready").exists, "the driver to begin")
        time.sleep(draws.uniform(0.0, 0.4))
        driver.kill()
        driver.wait()
    driver = subprocess.run([sys.executable, "driver.py"], env=environment, cwd=place, capture_output=True, check=True)
    found = StudyDirectory(place / "study").contents().records
    assert {r.state for r in found.values()} == {"complete"}
    assert set(found) == set(ids(jobs))
    assert len(watch.trained_in(place)) == len(jobs), "a process for each"


def test_a_driver_that_dies_at_any_moment_of_submitting_submits_once(make_engine, make_job, place, monkeypatch, watch):
    """It is killed after sbatch has answered and before that is noted; the next one finds the array by its name."""

    class Death(BaseException):
        pass

    def die(*_, **__):
        raise Death

    with monkeypatch.context() as patch:
        patch.setattr(Batch, "note_submitted", die)
        with pytest.raises(Death):
            make_engine("slurm").submit([make_job("none", 0)])
    assert len(list(batches(place / "study"))) == 1
    records, _ = run(make_engine("slurm"), [make_job("none", 0)])
    assert [r.state for r in records] == ["complete"]
    assert len(watch.trained_in(place)) == 1
    with monkeypatch.context() as patch:
        patch.setattr("ablate.execute.engines.slurm.submission.submit", die)
        with pytest.raises(Death):
            make_engine("slurm").submit([make_job("none", 1)])
    assert len(list(batches(place / "study"))) == 1, "written, and never submitted"
    records, _ = run(make_engine("slurm"), [make_job("none", 1)])
    assert [r.state for r in records] == ["complete"]
    assert len(watch.trained_in(place)) == 2


def test_a_batch_that_slurm_has_twice_is_trained_once(make_engine, make_job, place, watch):
    make_engine("slurm").submit([make_job("wait", 0)])
    watch.wait_for(lambda: watch.trained_in(place), "a training")
    batch = only(place)
    words = ("--parsable", f"--job-name={batch.name}", "--array=0-0", "--output=/dev/null", "--mem=100M")
    twin = commands.command("sbatch", *words, f"{batch.folder}/script.sh")
    watch.wait_for(lambda: f"{twin.strip()}_0" not in "".join(squeue("%i ")), "the other array to end")
    (place / "waited-for").touch()
    records, _ = run(make_engine("slurm"), [make_job("wait", 0)])
    assert [r.state for r in records] == ["complete"]
    assert len(watch.trained_in(place)) == 1


def test_jobs_of_older_code_are_cancelled_and_submitted_again(make_engine, make_job, place, watch, monkeypatch):
    make_engine("slurm").submit([make_job("sleep", 0)])
    watch.wait_for(lambda: watch.trained_in(place), "a training")
    (place / "no-faults").touch()
    job = replace(make_job("sleep", 0), sources=("newer",))

    def time_out(ids):
        if ids:
            raise commands.SlurmError("scancel timed out")

    with monkeypatch.context() as patch:
        patch.setattr(commands, "cancel", time_out)
        with pytest.raises(EngineError, match="nothing was submitted"):
            run(make_engine("slurm"), [job])
    records, _ = run(make_engine("slurm"), [job])
    assert [(r.state, r.provenance.source) for r in records] == [("complete", "newer")]
    assert len(watch.trained_in(place)) == 2
    assert not [pid for pid in watch.trained_in(place) if watch.is_alive(pid)]
    assert not (place / "study" / "slurm").exists()


def test_an_unknown_partition_is_refused_before_anything_is_trained(make_engine, make_job, place):
    engine = make_engine("slurm", partition="nope")
    with pytest.raises(EngineError, match=r"engine\.partition=nope: .*Its partitions: cancelling, main, urgent\."):
        engine.call(len, "")
    with pytest.raises(EngineError, match=r"engine\.partition=nope"):
        list(engine.run([make_job()]))
    assert not (place / "study" / "slurm").exists()


def test_resources_that_no_node_has_are_refused(make_engine):
    with pytest.raises(EngineError, match=r"Slurm refuses the jobs: .*--mem=.*engine\.memory_gb"):
        make_engine("slurm", memory_gb=4000).call(len, "")


def test_the_message_has_the_output_of_a_setup_that_fails(make_engine, make_job):
    records, _ = run(make_engine("slurm", setup=["echo no such module >&2; exit 3"], retries=0), [make_job()])
    assert [r.state for r in records] == ["failed"]
    assert "its job ended in Slurm as FAILED, and its output ends with: no such module" in records[0].error


def test_arrays_are_no_larger_than_slurm_allows(make_engine, make_job, place, monkeypatch):
    monkeypatch.setattr(commands, "max_array_tasks", lambda: 2)
    records, _ = run(make_engine("slurm"), [make_job("none", r) for r in range(5)])
    assert Counter(r.state for r in records) == {"complete": 5}


def test_the_doctor_says_what_it_found(make_engine):
    assert "takes jobs" in type(make_engine("slurm")).check()
