"""Job arrays in a Slurm of which only the answers are there: refusals, pre-emption, calls that are lost."""

from collections import Counter
from dataclasses import replace

import pytest

from ablate.errors import EngineError
from ablate.execute.engines.job_outcome import Trained
from ablate.execute.engines.slurm import arrays, commands
from ablate.execute.engines.slurm.batch import batches
from ablate.execute.engines.slurm.reply import Reply
from ablate.execute.train.job import record_failures

FULL = (
    "sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying "
    "sbatch: error: Batch job submission failed: Resource temporarily unavailable"
)
"""What sbatch of Slurm 22.05 prints, after two minutes, where `MaxJobCount` is reached."""

LIMITED = (
    "sbatch: error: AssocMaxSubmitJobLimit sbatch: error: Batch job submission failed: Job violates accounting/QOS "
    "policy (job submit limit, user's size and/or time limits)"
)


class FakeSlurm:
    """Takes at most `room` tasks at a time, and ends those of its last living array when it is asked about them."""

    def __init__(self, directory, room=100, refusal=FULL):
        self.directory, self.room, self.refusal = directory, room, refusal
        self.arrays, self.names, self.sizes, self.cancelled = {}, {}, [], []
        self.ends, self.cancels = True, True

    def __call__(self, program, *words, limit_s=None, **_):
        assert limit_s == (commands.SBATCH_LIMIT_S if program == "sbatch" else None)
        return getattr(self, program)(*words)

    def scontrol(self, *_):
        return "MaxArraySize = 4"

    def sbatch(self, *words):
        options = dict(word.split("=", 1) for word in words if "=" in word)
        count = int(options["--array"].removeprefix("0-").partition("%")[0]) + 1
        if sum(state == "RUNNING" for tasks in self.arrays.values() for state in tasks) + count > self.room:
            raise commands.SlurmError(self.refusal)
        self.names[number := len(self.arrays) + 1] = options["--job-name"]
        self.arrays[number] = ["RUNNING"] * count
        self.sizes.append(count)
        return f"{number}\n"

    def squeue(self, *_):
        living = [number for number, tasks in self.arrays.items() if not {"COMPLETED", "CANCELLED"} & {*tasks}]
        if living and self.ends:
            self.end(living[-1])
        return "".join(
            f"{number}|{index}|{state}|{self.names[number]}|None\n"
            for number, tasks in self.arrays.items()
            for index, state in enumerate(tasks)
        )

    def batch(self, number):
        (found,) = (batch for batch in batches(self.directory) if batch.name == self.names[number])
        return found

    def end(self, number):
        batch = self.batch(number)
        for index, job in enumerate(batch.payload(batch.payload_digest()).jobs):
            record_failures(job, error="none", traceback="", engine="slurm", threads=1)
            batch.write_reply(index, Reply(trained=Trained()))
        self.arrays[number] = ["COMPLETED"] * len(self.arrays[number])

    def scancel(self, *words):
        if not self.cancels:
            raise commands.SlurmError("scancel timed out")
        for word in words[1:]:
            number, _, index = word.partition("_")
            self.cancelled.append(word)
            for each in [int(index)] if index else range(len(self.arrays[int(number)])):
                self.arrays[int(number)][each] = "CANCELLED"
        return ""


@pytest.fixture
def slurm(place, monkeypatch):
    found = FakeSlurm(place / "study")
    monkeypatch.setattr(commands, "command", found)
    monkeypatch.setattr(arrays, "REPLY_DELAY_S", 0.0)
    return found


def run(make_engine, jobs, **settings):
    said, engine = [], make_engine("slurm", poll_s=0.01, **settings)
    engine.on_message = said.append
    return [record for records in engine.run(jobs) for record in records], said


@pytest.mark.parametrize("refusal", [FULL, LIMITED])
def test_jobs_that_slurm_refuses_while_others_run_are_submitted_when_these_have_ended(
    make_engine, make_job, slurm, refusal
):
    slurm.room, slurm.refusal = 4, refusal
    jobs = [make_job(replicate=replicate) for replicate in range(8)]
    records, said = run(make_engine, jobs)
    assert Counter(record.id for record in records) == Counter(job.bundle.trials[0].id for job in jobs)
    assert slurm.sizes == [3, 3, 2]
    assert slurm.cancelled == []
    assert said == [
        "Slurm does not take all jobs yet. The others are submitted when those that it has have ended. It says: "
        f"{refusal}."
    ]


def test_an_array_that_is_larger_than_the_limit_of_the_user_is_halved(make_engine, make_job, slurm):
    slurm.room, slurm.refusal = 1, LIMITED
    records, _ = run(make_engine, [make_job(replicate=replicate) for replicate in range(3)])
    assert slurm.sizes == [1, 1, 1]
    assert len(records) == 3


@pytest.mark.parametrize("refusal", [FULL, LIMITED, "sbatch: error: invalid partition specified: nope"])
def test_a_refusal_of_the_first_job_is_an_error(make_engine, make_job, place, slurm, refusal):
    slurm.room, slurm.refusal = 0, refusal
    with pytest.raises(EngineError, match="Slurm refuses the jobs"):
        run(make_engine, [make_job(replicate=replicate) for replicate in range(3)])
    assert not (place / "study" / "slurm").exists()


def test_what_slurm_does_not_take_is_submitted_by_a_later_command_with_detach(make_engine, make_job, slurm):
    slurm.room, slurm.ends = 4, False
    jobs = [make_job(replicate=replicate) for replicate in range(5)]
    said = make_engine("slurm").submit(jobs)
    assert said.startswith("3 jobs are in Slurm (array 1). ")
    assert "Slurm does not take 2 more yet: the same command submits them later. It says: sbatch: error: " in said
    slurm.room = 5
    said = make_engine("slurm").submit(jobs)
    assert said.startswith("5 jobs are in Slurm, 3 of them from an earlier command (array 1, 2). ")
    assert "does not take" not in said


def test_a_pre_empted_task_that_is_not_queued_again_counts_as_lost(make_engine, make_job, slurm, monkeypatch):
    monkeypatch.setattr(arrays, "PREEMPTED_S", 0.05)

    def preempt(number):
        if slurm.arrays[number] == ["RUNNING"]:
            slurm.batch(number).note_start(0, "now")
        slurm.arrays[number] = ["PREEMPTED"]

    slurm.end = preempt
    records, said = run(make_engine, [make_job()], array_parallelism=1)
    assert slurm.sizes == [1, 1], "engine.retries=1"
    assert [record.error for record in records] == [
        "its worker died: its job was pre-empted in Slurm, and not queued again"
    ]
    assert "died: its job was pre-empted in Slurm, and not queued again. It is trained again." in said[0]


def test_a_pre_empted_task_that_is_queued_again_is_waited_for(make_engine, make_job, slurm):
    states, end = iter(["PREEMPTED", "PREEMPTED", "PENDING", "RUNNING"]), slurm.end

    def preempt(number):
        slurm.arrays[number] = [next(states, "COMPLETED")]
        if slurm.arrays[number] == ["COMPLETED"]:
            end(number)

    slurm.end = preempt
    records, said = run(make_engine, [make_job()])
    assert (slurm.sizes, len(records)) == ([1], 1)
    assert said == ["Slurm has stopped a job early and queued it again."]


def test_jobs_of_older_code_that_could_not_be_cancelled_are_cancelled_by_the_next_command(
    make_engine, make_job, place, slurm
):
    slurm.ends = False
    make_engine("slurm").submit([make_job()])
    job = replace(make_job(), sources=("newer",))
    slurm.cancels = False
    for _ in range(2):
        with pytest.raises(EngineError, match=r"Slurm does not answer \(scancel timed out\).* nothing was submitted"):
            run(make_engine, [job])
    assert slurm.sizes == [1]
    slurm.cancels = slurm.ends = True
    slurm.end = lambda number: FakeSlurm.end(slurm, number) if number == 2 else None
    records, _ = run(make_engine, [job])
    assert (slurm.cancelled, slurm.sizes, len(records)) == (["1_0"], [1, 1], 1)
    assert not (place / "study" / "slurm").exists()
