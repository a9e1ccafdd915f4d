"""Arrangements on described GPUs, by recorded timings and paces. None of it has been measured on a GPU."""

from collections import Counter
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate.execute.planner.candidate import Candidate, Costs
from ablate.execute.planner.gpu_arrangement import MAX_PER_GPU, arrange
from ablate.execute.planner.memory import CONTEXT_BYTES, GPU_PROCESS_BYTES
from ablate.execute.planner.sharing import Sharing
from ablate.execute.train.dataset import KEPT_BYTES
from ablate.plan.machine import Gpu, Machine
from ablate.store.timings import Overhead, StepTiming

GB = 1 << 30
LAUNCH_BOUND = {4: 2.6e-4, 10: 1.1e-4, 20: 6e-5, 50: 3e-5, 100: 2e-5, 200: 1.5e-5}
"""Seconds of a step and member, as of a small network: a wider stack takes hardly longer than a narrow one."""


def machine(*free_gb, host_gb=1000):
    gpus = tuple(Gpu(index=i, name="a GPU", free_bytes=int(free * GB)) for i, free in enumerate(free_gb))
    return Machine(host_bytes=host_gb * GB, gpus=gpus)


def group(count, *, name="net", width=200, stacked=LAUNCH_BOUND, host_s=0.001, epochs=10, gb=0.01, **changes):
    """Trials, and how they are to be trained: alone where `width` is 1."""
    timing = StepTiming(work=1e6, step=1e-3, stacked=dict(stacked), example=1e-8, evaluation=1e-4, build=0.0)
    costs = Costs(
        timing=timing,
        overhead=Overhead(fit=host_s, epoch=0.0),
        epochs=epochs,
        steps=100,
        val=1000,
        test=1000,
        evaluations=epochs + 1,
    )
    trials = tuple(SimpleNamespace(id=f"{name}-{r}", replicate=r) for r in range(count))
    given = {"width": width, "reason": "" if width > 1 else "alone", "bytes": int(gb * GB), "costs": costs}
    return trials, Candidate(trials=trials, **({"is_on_gpu": True} | given | changes))


def arranged(groups, on, *, workers=16, fixed=False, **paces):
    sharing = Sharing(paces={int(name[1:]): pace for name, pace in paces.items()})
    return arrange(groups, machine=on, workers=workers, fixed=fixed, sharing=sharing)


def sizes(made):
    return sorted((len(bundle.trials) for bundle in made.bundles), reverse=True)


def test_stacks_come_before_workers():
    """One process takes a stack of all trials; sixteen cores are no reason to cut it."""
    made = arranged([group(150)], machine(100))
    assert sizes(made) == [150]
    assert (made.workers, made.gpus, made.places) == (1, 1, (0,))
    assert arranged([group(400)], machine(100)).bundles[0].stacked


def test_few_workers_share_a_gpu_by_the_paces_that_were_measured():
    alone = [group(40, width=1, name=str(i), epochs=50) for i in range(2)]
    assert arranged(alone, machine(100)).workers <= 2, "nothing was measured: they take turns"
    assert arranged(alone, machine(100), c2=2.0, c4=3.6).workers == 4
    assert arranged(alone, machine(100), c2=1.9, c4=1.9).workers == 2
    assert arranged(alone, machine(100), c2=0.9, c4=0.8).workers == 1
    assert arranged(alone, machine(100), workers=1, c2=2.0, c4=3.6).workers == 1


def test_what_the_processor_does_meanwhile_is_a_reason_for_more_workers():
    """Building and Lightning's loop take a core each, however the steps share the GPU."""
    busy = [group(40, width=1, host_s=10.0, epochs=1)]
    idle = [group(40, width=1, host_s=0.0, epochs=100)]
    assert arranged(busy, machine(100)).workers == MAX_PER_GPU
    assert arranged(idle, machine(100)).workers == 1


def test_steps_of_processes_that_take_turns_are_added_up_not_divided():
    alone = [group(40, width=1, host_s=0.0, epochs=100)]
    one = arranged(alone, machine(100), workers=1, fixed=True)
    four = arranged(alone, machine(100), workers=4, fixed=True)
    assert (one.workers, four.workers) == (1, 4)
    assert four.seconds == pytest.approx(one.seconds, rel=0.02)
    measured = arranged(alone, machine(100), workers=4, fixed=True, c4=2.5)
    assert measured.seconds == pytest.approx(one.seconds / 2.5, rel=0.05)


def test_each_gpu_gets_its_workers_and_stacks_are_cut_where_that_is_faster():
    made = arranged([group(400)], machine(100, 100))
    assert sizes(made) == [200, 200]
    assert (made.workers, made.gpus, made.places) == (2, 2, (0, 1))
    half = arranged([group(200, epochs=100)], machine(100, 100))
    assert (sizes(half), half.places) == ([100, 100], (0, 1)), "2e-5 · 100 < 1.5e-5 · 200"
    flat = dict.fromkeys(LAUNCH_BOUND, 1e-3) | {200: 1e-5}
    whole = arranged([group(200, stacked=flat, host_s=0.001)], machine(100, 100))
    assert (sizes(whole), whole.places) == ([200], (0,)), "halves would take longer"


def test_a_context_is_counted_for_each_process_of_a_gpu():
    alone = [group(40, width=1, host_s=10.0, epochs=1, gb=1.0)]
    three = 3 * (CONTEXT_BYTES / GB + 1.0)
    assert arranged(alone, machine(three + 0.01)).workers == 3
    assert arranged(alone, machine(three - 0.01)).workers == 2
    uneven = arranged(alone, machine(three + 0.01, 1.7))
    assert Counter(uneven.places) == {0: 3, 1: 1}


def test_the_main_memory_bounds_the_processes():
    alone = [group(40, width=1, host_s=10.0, epochs=1)]
    two = 2 * GPU_PROCESS_BYTES // GB
    assert arranged(alone, machine(100, host_gb=two + 1)).workers == 2
    assert arranged(alone, machine(100, host_gb=1)).workers == 1


def test_a_stack_is_no_wider_than_the_memory_of_its_gpu():
    room = CONTEXT_BYTES / GB + 50 * 0.01
    made = arranged([group(200)], machine(room + 0.001))
    assert sizes(made) == [50] * 4
    assert made.workers == 1
    assert sizes(arranged([group(3)], machine(CONTEXT_BYTES / GB + 0.011))) == [1] * 3
    assert {b.reason for b in arranged([group(3)], machine(0.1)).bundles} == {"there is memory for one at a time"}


@pytest.mark.parametrize(("splits", "width"), [(1, 99), (10, 80), (396, 33)])
def test_examples_that_differ_count_twice_in_a_stack_and_equal_ones_once(splits, width):
    """Half of what a trial takes is for its examples. There is room for a hundred halves."""
    half = GB // 10
    big = group(396, bytes=2 * half, example_bytes=half, splits=splits)
    made = arranged([big], machine((CONTEXT_BYTES + 100 * half) / GB), workers=1)
    assert sizes(made)[0] == width


@pytest.mark.parametrize(("splits", "width"), [(1, 20), (40, 10)])
def test_examples_that_differ_count_twice_in_the_main_memory_too(splits, width):
    """Beside what a process takes there are 3 GB: ten times 0.1 for a network, and 0.2 for its examples."""
    half = GB // 10
    found = group(40, width=20, bytes=2 * half, host_bytes=2 * half, example_bytes=half, splits=splits)
    made = arranged([found], machine(100, host_gb=GPU_PROCESS_BYTES // GB + 3), workers=1)
    assert sizes(made)[0] == width


def test_what_a_process_keeps_is_counted_up_to_what_it_may_keep():
    small = group(40, width=1, host_s=10.0, epochs=1, bytes=2 << 20, example_bytes=1 << 20, splits=40)
    large = group(40, width=1, host_s=10.0, epochs=1, bytes=2 << 20, example_bytes=1 << 20, splits=40_000)
    for found, kept in ((small, 40 << 20), (large, KEPT_BYTES)):
        two = 2 * (CONTEXT_BYTES + (1 << 20) + kept) / GB
        assert arranged([found], machine(two)).workers == 2
        assert arranged([found], machine(two - 1e-3)).workers == 1


def test_a_gpu_that_others_have_filled_gets_no_worker():
    made = arranged([group(400)], machine(100, 0.2))
    assert (made.places, made.gpus) == ((0,), 1)


def test_the_number_that_the_user_gives_is_kept_as_memory_allows():
    made = arranged([group(160)], machine(100, 100), workers=16, fixed=True)
    assert (made.workers, sizes(made)) == (16, [10] * 16)
    assert Counter(made.places) == {0: 8, 1: 8}
    assert made.notes == ()
    small = arranged([group(160, gb=1)], machine(2 * (CONTEXT_BYTES / GB + 1) + 0.1), workers=16, fixed=True)
    assert small.workers == 2
    assert small.notes == ("There is memory for 2 of 16 trials at a time.",)
    assert arranged([group(3)], machine(100), workers=16, fixed=True).notes == ()


def test_trials_of_unknown_duration_get_two_workers_a_gpu():
    own = group(12, width=1, bytes=None, costs=None, reason="a user-defined LightningModule takes its own steps")
    made = arranged([own], machine(100, 100))
    assert (made.places, made.seconds) == ((0, 1, 0, 1), None)
    assert arranged([own], machine(100), workers=1).workers == 1


def test_an_accelerator_of_unknown_memory_gets_few_workers():
    apple = Machine(host_bytes=100 * GB, gpus=(Gpu(index=0, name="mps"),))
    alone = [group(40, width=1, host_s=10.0, epochs=1)]
    assert arranged(alone, apple).workers == MAX_PER_GPU


def test_trials_of_one_study_that_train_on_the_processor_need_no_gpu():
    moved = group(10, name="cpu", width=1, host_s=0.0, is_on_gpu=False, gb=500, bytes=0)
    made = arranged([group(10), moved], machine(100))
    assert Counter(len(b.trials) for b in made.bundles)[1] == 10
    assert made.seconds is not None


@given(
    counts=st.lists(st.integers(1, 300), min_size=1, max_size=4),
    free=st.lists(st.floats(0.1, 80), min_size=1, max_size=4),
    gb=st.floats(0.001, 2),
    workers=st.integers(1, 20),
    fixed=st.booleans(),
)
def test_every_trial_trains_once_and_no_gpu_is_oversubscribed(counts, free, gb, workers, fixed):
    groups = [group(count, name=str(i), gb=gb, width=200 if i % 2 else 1) for i, count in enumerate(counts)]
    on = machine(*free)
    made = arranged(groups, on, workers=workers, fixed=fixed, c2=1.7, c4=2.4)
    assert Counter(t.id for b in made.bundles for t in b.trials) == Counter(t.id for left, _ in groups for t in left)
    assert 1 <= made.workers == len(made.places) <= min(workers, len(made.bundles))
    assert made.gpus == len(set(made.places))
    need = CONTEXT_BYTES + max(len(b.trials) for b in made.bundles) * int(gb * GB)
    for gpu in on.gpus:
        if (here := made.places.count(gpu.index)) and not (here == made.workers == 1):
            assert here * need <= gpu.free_bytes
    order = made.schedule({t.id: i for i, t in enumerate(t for left, _ in groups for t in left)}, threads=1)
    assert len(order.bundles) == len(made.bundles)
    assert all(bundle in made.bundles for bundle in order.bundles[:5])
    assert (order.places, order.gpus, order.seconds is None) == (made.places, made.gpus, False)
