"""What only an engine of processes can go through: deaths."""

import concurrent.futures
import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

from ablate.errors import ConfigError, EngineError, ModelError
from ablate.execute.engines import engine
from ablate.execute.engines.local import fork_server, worker
from ablate.execute.process.interruption import interruption_deferred
from ablate.execute.process.stdlib_private import fork_server_pid
from ablate.store import StudyDirectory


def states(records):
    return {r.levels["fault"] + str(r.replicate): r.state for r in records}


def test_a_worker_that_dies_costs_its_own_trial_only(make_engine, make_job, place):
    causes = {
        "kill": "its worker died: killed by SIGKILL (out of memory, most often)",
        "terminate": "its worker died: killed by SIGTERM",
        "abort": "its worker died: exit code 7",
        "vanish": "its worker died: exit code 0",
    }
    jobs = [make_job(fault, replicate) for replicate, fault in enumerate(["none", *causes, "none", "none"])]
    records = [record for records in make_engine("local").run(jobs) for record in records]
    assert Counter(r.id for r in records) == Counter(job.bundle.trials[0].id for job in jobs)
    directory = StudyDirectory(place / "study")
    for record in records:
        fault = record.levels["fault"]
        assert record.state == ("complete" if fault == "none" else "failed")
        assert record.error == causes.get(fault)
        assert directory.record(record.id) == record
        if fault != "none":
            text = (directory.trial(record.id) / "traceback.txt").read_text()
            assert f"ended without a Python traceback: {causes[fault]}" in text
    (place / "no-faults").touch()
    again = [job for job in jobs if directory.record(job.bundle.trials[0].id).state == "failed"]
    assert [r.state for records in make_engine("local").run(again) for r in records] == ["complete"] * len(causes)


def test_a_worker_that_dies_with_a_stack_costs_one_of_its_trials(make_engine, make_job, join, place):
    stack = join([make_job("none", 0), make_job("kill", 1), make_job("none", 2)])
    jobs = [make_job("none", 3), stack, make_job("none", 4)]
    records = [record for records in make_engine("local").run(jobs) for record in records]
    assert states(records) == {"none0": "complete", "kill1": "failed", "none2": "complete", "none3": "complete",
                               "none4": "complete"}  # fmt: skip
    assert len(records) == 5


def test_workers_are_started_once_and_used_again(make_engine, make_job, place, watch):
    jobs = [make_job(replicate=r) for r in range(8)]
    assert len(list(make_engine("local").run(jobs))) == len(jobs)
    assert 1 <= len(watch.trained_in(place)) <= 2


def test_no_more_workers_than_jobs(make_engine, make_job, place, watch):
    assert len(list(make_engine("local", workers=7).run([make_job()]))) == 1
    assert len(watch.trained_in(place)) == 1


@pytest.mark.parametrize(("workers", "sign"), [(1, signal.SIGTERM), (2, signal.SIGKILL)])
def test_idle_workers_that_are_killed_cost_nothing(make_engine, make_job, place, watch, workers, sign):
    jobs = [make_job(replicate=r) for r in range(2 * workers + 2)]
    directory = StudyDirectory(place / "study")
    results = make_engine("local", workers=workers).run(jobs)
    records = [*next(results)]
    # Who listens takes its time: the workers end what they have, say so, and wait.
    team = results.gi_frame.f_locals["team"]
    watch.wait_for(lambda: all(worker.future.done() for worker in team), "idle workers")
    assert len(directory.contents().records) == workers + 1
    for pid in watch.trained_in(place):
        os.kill(pid, sign)
    records += [record for records in results for record in records]
    assert states(records) == {f"none{r}": "complete" for r in range(len(jobs))}
    assert len(records) == len(jobs)
    assert len(watch.trained_in(place)) == 2 * workers


def test_workers_killed_at_any_moment_cost_at_most_what_they_trained(make_engine, make_job, place, watch):
    """Every job yields once, and the study ends, whenever a worker is hit."""
    jobs = [make_job(replicate=r, pause=0.01) for r in range(24)]
    ended, hit, rng = threading.Event(), [], random.Random(0)

    def shoot():
        while not ended.wait(rng.uniform(0.02, 0.25)):
            alive = sorted(pid for pid in watch.trained_in(place) if watch.is_alive(pid))
            if alive:
                hit.append(rng.choice(alive))
                os.kill(hit[-1], signal.SIGKILL)

    shooter = threading.Thread(target=shoot)
    shooter.start()
    try:
        records = [record for records in make_engine("local").run(jobs) for record in records]
    finally:
        ended.set()
        shooter.join()
    assert Counter(r.id for r in records) == Counter(job.bundle.trials[0].id for job in jobs)
    failed = [r for r in records if r.state == "failed"]
    assert all("killed by SIGKILL" in (r.error or "") for r in failed)
    assert len(failed) <= len(set(hit))
    assert StudyDirectory(place / "study").contents().records == {r.id: r for r in records}


def test_a_server_that_dies_as_a_process_starts_costs_nothing(make_engine, make_job, place, monkeypatch):
    """Its connections close before it has ended."""
    fork_server.ready("local")
    monkeypatch.setattr(fork_server, "ready", lambda _: None)
    start, killed = fork_server.Process.start, []

    def start_second(process):
        if not killed:
            killed.append(fork_server_pid())
            os.kill(killed[0], signal.SIGKILL)
            raise EOFError("unexpected EOF")
        start(process)

    monkeypatch.setattr(fork_server.Process, "start", start_second)
    records = [record for records in make_engine("local", workers=1).run([make_job()]) for record in records]
    assert [record.state for record in records] == ["complete"]
    assert fork_server_pid() not in (killed[0], None)


def test_processes_that_die_before_they_begin_are_replaced_but_not_for_ever(
    make_engine, make_job, place, watch, monkeypatch
):
    monkeypatch.setattr(worker, "_start", os.kill)  # called with what does not fit: it raises
    jobs = [make_job(replicate=r) for r in range(2)]
    records = [r for records in make_engine("local").run(jobs) for r in records]
    assert [(r.state, r.error) for r in records] == [("failed", "its worker died: exit code 0")] * 2
    assert watch.trained_in(place) == set()


def test_ctrl_c_waits_until_a_process_has_started_whole():
    """Half a process would print a traceback of its own."""
    reached = []

    def start():
        with interruption_deferred():
            signal.raise_signal(signal.SIGINT)
            reached.append(True)

    with pytest.raises(KeyboardInterrupt):
        start()
    assert reached == [True]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with interruption_deferred():
        pass


def test_a_process_that_dies_of_a_question_is_said(make_engine):
    engine = make_engine("local")
    with pytest.raises(EngineError, match=r"examined the study's networks died: killed by SIGKILL .*engine=inline"):
        engine.call(signal.raise_signal, signal.SIGKILL)
    assert engine.call(len, "anew") == 4
    engine.close()


def test_an_engine_works_off_the_main_thread(make_engine, make_job, place):
    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        records = thread.submit(lambda: [r for rs in make_engine("local").run([make_job()]) for r in rs]).result()
    assert [r.state for r in records] == ["complete"]


def test_a_machine_that_starts_no_process_is_said(make_engine, make_job, monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(concurrent.futures, "ProcessPoolExecutor", refuse)
    with pytest.raises(EngineError, match=r"engine=local cannot start a process here: .*unavailable.*engine=inline"):
        list(make_engine("local").run([make_job()]))


def test_an_engine_that_is_used_again_starts_anew(make_engine, make_job, place):
    engine = make_engine("local")
    for replicate in range(2):
        records = [r for records in engine.run([make_job(replicate=replicate)]) for r in records]
        assert [r.state for r in records] == ["complete"]


def test_a_long_training_holds_up_no_other(make_engine, make_job, place):
    """Two workers: the one trains until the other has trained everything else."""
    jobs = [make_job("wait"), *(make_job(replicate=r) for r in range(5))]
    order = []
    for records in make_engine("local").run(jobs):
        order.append(records[0].levels["fault"])
        if len(order) == 5:
            (place / "waited-for").touch()
    assert order == ["none"] * 5 + ["wait"]


def test_workers_find_a_module_that_the_driver_alone_knows_of(make_engine, make_job, place, monkeypatch):
    elsewhere = place / "elsewhere"
    elsewhere.mkdir()
    (place / "trouble.py").rename(elsewhere / "trouble.py")
    monkeypatch.syspath_prepend(str(elsewhere))
    assert [r[0].state for r in make_engine("local").run([make_job()])] == ["complete"]


def test_whoever_plans_the_jobs_may_take_fewer_workers_and_give_more_threads(make_job, monkeypatch):
    local = engine({"name": "local", "workers": 3, "threads": "auto"})
    jobs = [make_job(replicate=r) for r in range(4)]
    records = [r for done in local.run(jobs, workers=1, threads=2) for r in done]
    assert {r.provenance.threads for r in records} == {2}
    assert len([*Path("pids").iterdir()]) == 1
    fixed = engine({"name": "local", "workers": 3, "threads": 1})
    (record,) = next(iter(fixed.run([make_job(replicate=9)], threads=2)))
    assert record.provenance.threads == 1, "a person's own choice stands"


class OddError(ModelError):
    """Which no pickle brings back."""

    def __init__(self, what, why):
        super().__init__(f"{what}: {why}")


def be_odd():
    raise OddError("the net", "it is odd")


def test_a_mistake_that_cannot_be_handed_over_is_told_by_its_words(make_engine):
    engine = make_engine("local")
    with pytest.raises(ConfigError, match="the net: it is odd"):
        engine.call(be_odd)
    engine.close()


def test_a_process_has_the_variables_of_its_driver(make_engine, monkeypatch):
    engine = make_engine("local")
    monkeypatch.setenv("ABLATE_TEST", "1")
    assert engine.call(os.getenv, "ABLATE_TEST") == "1"
    engine.close()
    monkeypatch.delenv("ABLATE_TEST")
    assert engine.call(os.getenv, "ABLATE_TEST") is None
    engine.close()


def test_a_script_without_a_guard_is_executed_once(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from ablate.execute.engines import engine\nprint('once')\n"
        "local = engine({'name': 'local', 'workers': 1, 'threads': 1})\nprint(local.call(int))\nlocal.close()\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "once\n0\n", "")


def test_an_error_that_python_ignores_takes_one_line(tmp_path):
    """Destructors of torch's DataLoader, and threads of multiprocessing, raise where a process of it was killed."""
    module, script = tmp_path / "raising.py", tmp_path / "script.py"
    module.write_text("""
import sys

class Raising:
    def __del__(self):
        raise ValueError("not\\nneeded")

def raise_where_nobody_handles_it():
    Raising()
    sys.excepthook(KeyError, KeyError("key"), None)
""")
    script.write_text("""
from ablate.execute.engines import engine
from raising import raise_where_nobody_handles_it

local = engine({"name": "local", "workers": 1, "threads": 1})
local.call(raise_where_nobody_handles_it)
local.close()
""")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    assert done.stderr == f"Ignored: ValueError: not needed ({module}:6)\nIgnored: KeyError: 'key'\n"


def loaded_by_an_examination():
    from ablate import study
    from ablate.execute.examine.examination import examine
    from ablate.execute.process.deferred_imports import is_loaded

    planned = study.plan(["smoke", "data.limit=60", "data.val_size=10", "data.test_size=20"])
    examine(planned.spec, planned.layout.points, planned.configs)
    names = ("torch", "torch._dynamo", "torchvision", "scipy.signal", "sklearn", "pandas", "sympy")
    return [name for name in names if is_loaded(name)]


def test_its_processes_defer_what_few_trainings_use_and_the_driver_does_not(make_engine, here):
    finders = [*sys.meta_path]
    engine = make_engine("local")
    assert engine.call(loaded_by_an_examination) == ["torch"]
    engine.close()
    assert sys.meta_path == finders
    assert not [finder for finder in finders if "deferred_imports" in type(finder).__module__]
