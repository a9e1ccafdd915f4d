"""Schedules for a described GPU, by recorded timings: whatever a GPU would do is stood in for."""

import sys
from dataclasses import replace

import pytest
import torch

from ablate import study
from ablate.execute.planner import candidate, schedule, timing_cache
from ablate.execute.planner import overhead as overheads
from ablate.execute.planner import profile as profiling
from ablate.execute.process import hardware
from ablate.execute.stack import verification
from ablate.plan.machine import Cluster, Gpu, Machine
from ablate.store.timings import Overhead, StepTiming

room = sys.modules["ablate.execute.planner.schedule"]
GB = 1 << 30
ONE = Machine(host_bytes=64 * GB, gpus=(Gpu(index=0, name="a GPU", free_bytes=100 * GB),))
TWO = Machine(host_bytes=64 * GB, gpus=tuple(Gpu(index=i, name="a GPU", free_bytes=100 * GB) for i in (0, 1)))
STACKED = {4: 3e-4, 10: 1.2e-4, 20: 6e-5, 50: 3e-5, 100: 2e-5}


@pytest.fixture
def steps(monkeypatch, tmp_path):
    """Seconds of a step by device; changed by a test. Nothing is kept from others, and no GPU is used."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(timing_cache, "MIN_CPU_SHARE", 0.0)
    known = {"cpu": 1e-3, "cuda": 1e-3}

    def time_steps(*_, work, device, **__):
        stacked = STACKED if device.type == "cuda" else {}
        return StepTiming(work=work, step=known[device.type], stacked=stacked, example=1e-9, build=0.0)

    def device(_, config):
        return torch.device("cpu" if config.trainer.settings.accelerator == "cpu" else "cuda")

    monkeypatch.setattr(profiling, "time_steps", time_steps)
    monkeypatch.setattr(overheads, "overhead", lambda *_: Overhead(fit=0.01, epoch=0.0))
    monkeypatch.setattr(candidate.Candidates, "device", device)
    monkeypatch.setattr(hardware, "name", lambda device: f"the {device.type}")
    monkeypatch.setattr(verification, "verify", lambda *_, **__: None)
    return known


def trials(here, *words):
    words = words or ("trainer.accelerator=gpu",)
    return study.plan(["smoke", "model.init=he,xavier", "replicates=6", "study.factors=[]", *words], cwd=here).trials


@pytest.mark.usefixtures("steps")
def test_on_a_gpu_trials_are_stacked_though_there_is_a_worker_for_each(here):
    found = trials(here)
    made = schedule(found, found, workers=16, fixed=False, pins=True, machine=ONE)
    assert [len(bundle.trials) for bundle in made.bundles] == [12]
    assert (made.workers, made.gpus, made.places, made.accelerator) == (1, 1, (0,), None)
    assert len(schedule(found, found, workers=3, machine=ONE).bundles) == 3, "the user's number is kept"


@pytest.mark.usefixtures("steps")
def test_a_missing_trial_of_a_stack_is_a_stack_of_one(here):
    found = trials(here)
    (bundle,) = schedule(found, found[-1:], workers=16, fixed=False, machine=ONE).bundles
    assert (bundle.stacked, len(bundle.trials)) == (True, 1)


@pytest.mark.usefixtures("steps")
@pytest.mark.parametrize(
    ("words", "pins", "expected"),
    [((), True, (0, 1)), ((), False, ()), (("trainer.devices='1,'",), True, ())],
)
def test_places_are_for_engines_that_pin_and_for_trials_that_name_no_gpu(here, words, pins, expected):
    found = trials(here, "trainer.accelerator=gpu", *words)
    assert schedule(found, found, workers=2, pins=pins, machine=TWO).places == expected


@pytest.mark.usefixtures("steps")
def test_an_engine_that_takes_the_first_of_several_gpus_says_so(here):
    """As `engine=inline` does; who names a GPU has chosen it."""
    first = replace(ONE, unused=3)
    said = (
        "The study trains on the first of 4 GPUs and on no other: this engine does not spread it. engine=local gives "
        "each worker a GPU of its own."
    )
    for words, machine, expected in (
        (("trainer.accelerator=gpu",), first, (said,)),
        (("trainer.accelerator=gpu",), ONE, ()),
        (("trainer.accelerator=gpu", "trainer.devices='0,'"), first, ()),
        (("trainer.accelerator=cpu",), first, ()),
    ):
        found = trials(here, *words)
        assert schedule(found, found, workers=1, machine=machine).notes == expected
    found = trials(here, "trainer.accelerator=gpu")
    assert schedule(found, found, workers=2, pins=True, machine=TWO).notes == ()


def test_auto_takes_the_processor_where_that_ends_first_and_says_so(here, steps):
    found = trials(here, "model.width=4,8,16")
    steps.update(cpu=1e-5, cuda=1e-3)
    made = schedule(found, found, workers=4, fixed=False, machine=ONE)
    assert (made.accelerator, made.gpus, made.places) == ("cpu", 0, ())
    assert made.notes[0].startswith("The study trains on the processor: all of it is expected to take ")
    assert made.notes[0].endswith(" trainer.accelerator=gpu takes the GPU.")
    moved = made.numbered(found).with_trials(found).bundles
    assert {t.config.trainer.settings.accelerator for b in moved for t in b.trials} == {"cpu"}


def test_auto_takes_the_gpu_where_that_ends_first(here, steps):
    found = trials(here, "model.width=4,8,16")
    steps.update(cpu=1e-1, cuda=1e-3)
    made = schedule(found, found, workers=4, fixed=False, machine=ONE)
    assert (made.accelerator, made.gpus) == (None, 1)
    assert made.notes[0].startswith("The study trains on the GPU: ")


def test_what_is_expected_of_both_is_said_in_seconds():
    said = room._comparison(12.34, 3.21, gpus=2, is_cpu=False)
    assert said == (
        "The study trains on 2 GPUs: all of it is expected to take 12 s on the processor and 3.2 s on 2 GPUs. "
        "trainer.accelerator=cpu takes the processor."
    )


def test_auto_decides_by_the_whole_study(here, steps):
    """Its trials end first on the GPU, and the last one of them is not moved for being alone."""
    found = trials(here)
    auto = trials(here, "trainer.accelerator=auto")
    steps.update(cpu=0.1, cuda=1e-3)
    assert schedule(auto, auto[-1:], workers=1, fixed=False, machine=ONE).accelerator is None
    assert schedule(auto[:1], auto[:1], workers=1, fixed=False, machine=ONE).accelerator == "cpu"
    assert schedule(found, found, workers=1, fixed=False, machine=ONE).notes == ()


@pytest.mark.usefixtures("steps")
def test_who_asks_for_the_processor_gets_what_a_machine_without_gpu_gets(here):
    found = trials(here, "trainer.accelerator=cpu")
    assert schedule(found, found, workers=4, machine=ONE) == schedule(found, found, workers=4)


def test_paces_are_measured_once_and_only_where_that_is_worth_it(here, steps, monkeypatch):
    asked = []

    def measure(found, *, device, counts):
        asked.append((found.width, device.type, counts))
        return dict.fromkeys(counts, 1.9)

    monkeypatch.setattr(room, "measure_paces", measure)
    found = trials(here, "trainer.accelerator=gpu", "model.width=4,8,16")
    schedule(found, found, workers=16, fixed=False, machine=ONE)
    assert asked == [], "seconds of steps"
    monkeypatch.setattr(room, "MIN_PACED_S", 0.0)
    made = schedule(found, found, workers=16, fixed=False, machine=ONE)
    assert schedule(found, found, workers=16, fixed=False, machine=ONE) == made
    assert asked == [(6, "cuda", {2, 4})]
    schedule(found, found, workers=1, fixed=False, machine=ONE)
    assert len(asked) == 1


@pytest.mark.usefixtures("steps")
def test_a_gpu_machine_is_described_as_it_is(here, monkeypatch):
    """Two GPUs, of which other processes have filled one."""
    free = {0: 100 * GB, 1: GB}
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: len(free))
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free[device.index or 0], 140 * GB))
    monkeypatch.setattr("ablate.execute.planner.memory.name", lambda device: f"GPU {device.index}")
    made = room.describe(torch.device("cuda", 0), several=True)
    assert [(gpu.index, gpu.name, gpu.free_bytes) for gpu in made.gpus] == [
        (0, "GPU 0", 80 * GB),
        (1, "GPU 1", int(0.8 * GB)),
    ]
    assert made.host_bytes
    one = room.describe(torch.device("cuda", 1), several=False)
    assert ([gpu.index for gpu in one.gpus], one.unused, made.unused) == ([1], 1, 0)
    found = trials(here)
    assert schedule(found, found, workers=3, pins=True).places == (0, 1, 0), "the second has room for one"
    free[1] = GB // 2
    assert schedule(found, found, workers=3, pins=True).places == (0, 0, 0)


@pytest.mark.usefixtures("steps")
def test_each_worker_of_a_cluster_has_the_gpu_that_is_reserved_for_it(here):
    """One GPU is seen where the study is planned, and has memory for one worker."""
    found = trials(here)
    seen = replace(ONE, gpus=(replace(ONE.gpus[0], free_bytes=GB),))
    assert schedule(found, found, workers=8, machine=seen).workers == 1
    cluster = Cluster(machines=2, gpus=8)
    made = schedule(found, found, workers=8, machine=seen, cluster=cluster)
    assert (made.workers, made.gpus, made.places, made.notes) == (8, 8, (), ())
    assert cluster.of(seen).host_bytes == 2 * 64 * GB
    assert replace(cluster, host_bytes=4 * GB).of(seen).host_bytes == 8 * GB
