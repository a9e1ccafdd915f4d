import subprocess
import sys
import textwrap
from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ablate import study
from ablate.config.trial import TrialConfig
from ablate.execute.planner import candidate, schedule, timing_cache
from ablate.execute.planner import overhead as overheads
from ablate.execute.planner import profile as profiling
from ablate.execute.planner.arrangement import NO_MEMORY, WORKER_START_S
from ablate.execute.planner.candidate import Candidate
from ablate.execute.planner.makespan import makespan
from ablate.execute.planner.timing import time_steps as real_time_steps
from ablate.execute.planner.timing_cache import TimingCache
from ablate.execute.process import isolation
from ablate.execute.stack import verification
from ablate.execute.train.fit import prepare
from ablate.plan.machine import Cluster, Gpu, Machine
from ablate.store.timings import Overhead, StepTiming

room = sys.modules["ablate.execute.planner.schedule"]


@pytest.fixture(autouse=True)
def measured(monkeypatch, tmp_path):
    """What the machine is found to do: stacks that pay, and nothing that others have measured."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    found = StepTiming(work=0, step=1e-3, stacked={4: 5e-4, 10: 3e-4, 20: 2e-4}, example=1e-6, build=0.01)
    monkeypatch.setattr(profiling, "time_steps", lambda *_, work, **__: replace(found, work=work))
    monkeypatch.setattr(overheads, "overhead", lambda *_: Overhead(fit=0.1, epoch=0.01))
    monkeypatch.setattr(timing_cache, "MIN_CPU_SHARE", 0.0)  # whatever else runs on the machine


def arrange(planned, missing, *, workers):
    return schedule(planned, missing, workers=workers).bundles


@pytest.fixture
def plan(here):
    def planned(*words):
        return study.plan(
            ["smoke", "replicates=3", "study.factors=[]", "trainer.accelerator=cpu", *words], cwd=here
        ).trials

    return planned


def reasons(trials, **options):
    return {bundle.reason for bundle in arrange(trials, trials, **{"workers": 1, **options})}


def test_replicates_and_starts_are_stacked(plan):
    trials = plan("model.init=he,xavier", "optimizer.lr=0.001,0.01", "replicates=3")
    (bundle,) = arrange(trials, trials, workers=1)
    assert bundle.trials == trials
    assert (bundle.stacked, bundle.reason) == (True, "")


def test_other_networks_are_other_stacks(plan):
    trials = plan("model.width=8,16,32", "replicates=3")
    made = arrange(trials, trials, workers=1)
    assert [[t.config.model["width"] for t in bundle.trials] for bundle in made] == [[w] * 3 for w in (8, 16, 32)]
    assert all(bundle.stacked for bundle in made)


def test_a_stack_is_no_wider_than_measured_and_every_worker_has_one(plan):
    trials = plan("model.init=he,xavier", "replicates=15")
    assert Counter(len(b.trials) for b in arrange(trials, trials, workers=1)) == {15: 2}
    assert sorted(len(b.trials) for b in arrange(trials, trials, workers=3)) == [7, 8, 15]
    assert all(len(b.trials) == 1 for b in arrange(trials[:3], trials[:3], workers=8))


@pytest.mark.parametrize(
    ("epoch", "stacked", "sizes"),
    [
        (0, {4: 9e-4, 10: 5e-4, 20: 7e-4}, {10: 3}),
        (0, {4: 5e-4, 10: 6e-4}, {4: 6, 3: 2}),
        (0.01, {4: 5e-4, 10: 6e-4}, {10: 3}),
        (0, {4: 5e-4}, {4: 6, 3: 2}),
        (0, {4: 9.6e-4}, {1: 30}),
        (0.01, {4: 9.6e-4}, {4: 6, 3: 2}),
        (0, {}, {1: 30}),
    ],
)
def test_a_stack_is_as_wide_as_is_fastest_and_none_is_made_that_saves_nothing(plan, monkeypatch, epoch, stacked, sizes):
    """What Lightning takes for an epoch, beside the steps, is shared by a stack's members."""
    monkeypatch.setattr(overheads, "overhead", lambda *_: Overhead(fit=0.0, epoch=epoch))
    found = StepTiming(work=0, step=1e-3, stacked=stacked, example=1e-6, build=0.01)
    monkeypatch.setattr(profiling, "time_steps", lambda *_, work, **__: replace(found, work=work))
    trials = plan("model.init=he,xavier", "replicates=15")
    made = arrange(trials, trials, workers=1)
    assert Counter(len(b.trials) for b in made) == sizes
    assert {b.reason for b in made} == (
        {"its steps keep the machine busy: stacking saves less than 5%"} if 1 in sizes else {""}
    )


def test_memory_bounds_the_width_and_then_the_workers(plan, monkeypatch):
    """Room for stacks of four; of three; for one at a time on each of two workers; for stacks, on one of two."""
    trials = plan("model.init=he,xavier", "replicates=4", "data.limit=200")
    cache = room.TimingCache()
    with isolation.isolated_process(threads=1):
        of = candidate.Candidates(cache, threads=1).examine(trials).memory
    assert of(1) > (examples := 200 * (64 * 4 + 8))
    assert of(4) == 4 * of(1) + 4 * examples, "those of the replicates are joined"
    assert of(8) == 8 * (of(1) - examples) + 2 * 4 * examples, "two starts of each replicate share theirs"
    for free, workers, widths, at_a_time in (
        (room.PROCESS_BYTES + of(4), 1, [4, 4], 1),
        (room.PROCESS_BYTES + of(4) - 1, 1, [2, 3, 3], 1),
        (2 * (room.PROCESS_BYTES + of(1)), 2, [1] * 8, 2),
        (2 * (room.PROCESS_BYTES + of(1)) - 2, 2, [4, 4], 1),
    ):
        monkeypatch.setattr(room, "available", lambda _, free=free: free)
        made = schedule(trials, trials, workers=workers)
        assert sorted(len(b.trials) for b in made.bundles) == widths
        assert (made.workers, bool(made.notes)) == (at_a_time, at_a_time < workers)
        assert {b.reason for b in made.bundles} == ({"there is memory for one at a time"} if 1 in widths else {""})


def test_of_many_workers_those_are_counted_that_memory_is_there_for(plan, monkeypatch):
    trials = plan("model.init=he,xavier", "replicates=20", "data.limit=200")
    of = candidate.Candidates(room.TimingCache(), threads=1).examine(trials).memory
    monkeypatch.setattr(room, "available", lambda _: 2 * (room.PROCESS_BYTES + of(10)))
    made = schedule(trials, trials, workers=64)
    assert made.workers < 64
    assert made.notes
    widest = max(len(b.trials) for b in made.bundles)
    assert made.workers * (room.PROCESS_BYTES + of(widest)) <= room.available(None)


def test_a_network_that_fails_a_probe_costs_the_plan_its_estimate_and_no_more(plain, plan, monkeypatch):
    plain(
        """
        import threading
        from torch import nn

        class Net(nn.Sequential):
            def __init__(self, width=8):
                super().__init__(nn.Flatten(), nn.Linear(64, width), nn.ReLU(), nn.Linear(width, 10))
                self.lock = threading.Lock()
        """,
        width=8,
    )
    monkeypatch.setattr(profiling, "time_steps", real_time_steps)
    trials = plan("model=net", "~model.depth", "~model.skip_span", "model.width=8,9")
    made = schedule(trials, trials, workers=1)
    assert [b.trials for b in made.bundles] == [(trial,) for trial in trials]
    assert made.seconds is None


def test_a_verification_holds_for_the_settings_that_were_verified(plan, measured_anew):
    words = ("model.init=he,xavier", "replicates=2")
    slow, fast = (plan(*words, f"optimizer.lr={lr}") for lr in ("0.001", "0.002"))
    arrange(slow, slow, workers=1)
    arrange(slow, slow, workers=1)
    assert measured_anew["verifications"] == 1
    arrange(fast, fast, workers=1)
    assert measured_anew == {"profiles": 1, "verifications": 2}


def test_the_longest_start_first_and_the_makespan_is_said(plan):
    trials = plan("trainer.max_epochs=1,2,40", "data.batch_size=25", "replicates=2")
    made = schedule(trials, trials, workers=2)
    epochs = [b.trials[0].config.trainer.settings.max_epochs for b in made.bundles]
    assert epochs == [40, 2, 1, 40, 2, 1] or epochs == [40, 40, 2, 2, 1, 1]
    examples = prepare(trials[0].config, trials[0].streams).examples
    steps, val, test = examples["train"] // 25, 1e-6 * examples["val"], 1e-6 * examples["test"]
    seconds = [0.1 + 0.01 + test + e * (0.01 + steps * 1e-3 + val) for e in epochs]
    assert made.seconds == pytest.approx(WORKER_START_S + makespan(seconds, workers=2))


def test_each_machine_of_a_cluster_has_memory_of_its_own(plan, monkeypatch):
    trials = plan("model.init=he,xavier", "optimizer.lr=0.001,0.01", "replicates=5")
    of = candidate.Candidates(room.TimingCache(), threads=1).examine(trials).memory
    one = room.PROCESS_BYTES + of(1)
    monkeypatch.setattr(room, "available", lambda _: 2 * one)
    assert schedule(trials, trials, workers=12).workers == 2
    assert schedule(trials, trials, workers=12, cluster=Cluster(machines=3)).workers == 6
    assert schedule(trials, trials, workers=5, cluster=Cluster(machines=3)).workers == 5
    jobs = schedule(trials, trials, workers=12, cluster=Cluster(machines=12, host_bytes=room.PROCESS_BYTES + of(5)))
    assert (jobs.workers, jobs.notes) == (12, ())
    assert max(len(bundle.trials) for bundle in jobs.bundles) <= 5
    none = schedule(trials, trials, workers=12, cluster=Cluster(machines=12, host_bytes=room.PROCESS_BYTES))
    assert {bundle.reason for bundle in none.bundles} == {NO_MEMORY}


def test_a_gpu_that_a_cluster_gives_to_nobody_is_not_planned(plan):
    trials = plan("model.init=he,xavier", "replicates=2")
    seen = Machine(host_bytes=2**36, gpus=(Gpu(index=0, name="of a login node", free_bytes=2**36),))
    assert schedule(trials, trials, workers=2, machine=seen, cluster=Cluster(machines=2)).gpus == 0


def test_no_trial_gets_more_threads_than_a_machine_has_cores(plan, monkeypatch):
    trials = plan("model.width=8,9", "replicates=1")
    fast = StepTiming(work=0, step=1e-3, stacked={}, example=1e-6, build=0.01)
    by_threads = lambda *_, work, **__: replace(fast, work=work, step=0.1 / torch.get_num_threads())  # noqa: E731
    monkeypatch.setattr(profiling, "time_steps", by_threads)
    monkeypatch.setattr(room, "cores", lambda: 2)
    made = schedule(trials, trials, workers=64, threads=None, cluster=Cluster(machines=32))
    assert (made.threads, made.workers) == (2, 64)


def test_threads_follow_from_the_plan_where_they_are_left_open(plan, monkeypatch):
    trials = plan("model.width=8,9", "replicates=1")
    many = plan("model.width=8,9", "replicates=3")

    def threads(found, workers, missing=None):
        return schedule(found, missing or found, workers=workers, threads=None).threads

    assert threads(trials, 4) == 1, "two threads were no faster"
    fast = StepTiming(work=0, step=1e-3, stacked={}, example=1e-6, build=0.01)
    by_threads = lambda *_, work, **__: replace(fast, work=work, step=0.1 / torch.get_num_threads())  # noqa: E731
    monkeypatch.setattr(profiling, "time_steps", by_threads)
    monkeypatch.setattr(room, "TimingCache", lambda: TimingCache("another machine"))
    monkeypatch.setattr(room, "cores", lambda: 12)
    assert (threads(trials, 4), threads(many, 8), threads(many, 12)) == (2, 1, 2)
    assert threads(many, 12, many[:1]) == 2, "what is there already changes no number"
    assert schedule(trials, trials, workers=4, threads=1).threads == 1


def test_what_is_there_already_does_not_make_the_others_lone(plan):
    trials = plan("model.init=he,xavier", "replicates=2")
    (bundle,) = arrange(trials, trials[-1:], workers=1)
    assert (bundle.trials, bundle.stacked) == (trials[-1:], True)
    assert arrange(trials, (), workers=2) == ()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("model.width=8,16", "replicates=2"), "fewer than 3 trials differ"),
        (("model.width=8,16", "logger=csv"), "a logger records one trial"),
        (("model.width=8,16", "trainer.precision=bf16-true"), "trainer.precision=bf16-true"),
        (
            ("model.width=8,16", "trainer.channels_last=true"),
            "trainer.channels_last lays out the images of one network",
        ),
        (("model.width=8,16", "+trainer.lightning.min_epochs=1"), "trainer.lightning.min_epochs"),
        (("model.width=8,16", "data.augmentation.flip=true"), "its data are augmented"),
    ],
)
def test_what_cannot_be_stacked_says_why(plan, words, reason):
    trials = plan(*words)
    made = arrange(trials, trials, workers=2)
    assert [bundle.trials for bundle in made] == [(trial,) for trial in trials]
    assert all(reason in bundle.reason and not bundle.stacked for bundle in made)


def test_a_loop_of_ones_own_is_not_stacked(own, here):
    trials = study.plan([*own, "replicates=3", "study.factors=[]", "model.width=4,8"], cwd=here).trials
    assert reasons(trials) == {"a user-defined LightningModule takes its own steps"}


@pytest.mark.parametrize("name", ["causal", "softmax_attention", "local_logits", "hard_threshold", "softmax_norm"])
def test_shipped_networks_are_stacked(here, name):
    """A convolution over steps, attention, feature maps, steps without a gradient, group norms."""
    trials = study.plan([name, "trainer.accelerator=cpu"], cwd=here).trials
    assert all(bundle.stacked for bundle in arrange(trials, trials, workers=1))


LSTM = ("model=lstm", "~model.width", "~model.depth", "~model.skip_span", "data=motifs", "model.units=4,6")


def test_recurrent_layers_stack(plan):
    assert reasons(plan(*LSTM)) == {""}


FORWARDS = {
    "noise": ("return y + torch.randn(()) if self.training else y", "torch cannot stack it"),
    "count": (
        "self.mean = 0.9 * self.mean + y.detach().mean() if self.training else self.mean\n        return y - self.mean",
        "not the same when it is stacked",
    ),
    "twice": ("return self.drop(self.drop(y))", "draws more than once a step"),
    "constant": ("return y + self.shift", "differ in more than their parameters"),
    "value": ("return y if y.sum() > 0 else -y", "torch cannot stack it"),
}


@pytest.mark.parametrize("kind", FORWARDS)
def test_networks_whose_steps_would_not_be_equal_train_alone(plain, plan, kind):
    forward, reason = FORWARDS[kind]
    plain(
        f"""
        import torch
        from torch import nn

        class Net(nn.Module):
            def __init__(self, width=8):
                super().__init__()
                self.body = nn.Sequential(nn.Flatten(), nn.Linear(64, width), nn.ReLU(), nn.Linear(width, 10))
                self.drop, self.shift = nn.Dropout(0.5), torch.randn(10)
                self.register_buffer("mean", torch.zeros(()))

            def forward(self, x):
                y = self.body(x)
                {forward.replace("        ", "                ")}
        """,
        width=8,
    )
    trials = plan("model=net", "~model.depth", "~model.skip_span", "model.width=8,9")
    (found,) = reasons(trials)
    assert reason in found


@given(
    groups=st.lists(st.integers(1, 30), min_size=1, max_size=6),
    gone=st.sets(st.integers(0, 60)),
    workers=st.integers(1, 9),
    lone=st.sets(st.integers(0, 5)),
)
def test_bundles_partition_the_missing_trials(groups, gone, workers, lone):
    """Whatever is there, and whatever can be stacked."""

    class Fake:
        def __init__(self, group, number):
            self.id, self.replicate = f"{group}-{number}", number
            self.config = TrialConfig.from_dict({"model": {"width": group}})

    trials = [Fake(g, n) for g, size in enumerate(groups) for n in range(size)][::-1]
    missing = [t for i, t in enumerate(trials) if i not in gone]

    def examine(_, found, **__):
        is_lone = found[0].config.model["width"] in lone
        return Candidate(trials=tuple(found), reason="alone" * is_lone, width=1 if is_lone else 20)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(candidate.Candidates, "examine", examine)
        patch.setattr(room, "empty_cache", lambda: None)  # it collects garbage: most of a minute in a hundred examples
        made = arrange(trials, missing, workers=workers)
    assert Counter(t.id for b in made for t in b.trials) == Counter(t.id for t in missing)
    assert all(len({t.config.model["width"] for t in b.trials}) == 1 for b in made)
    assert all(1 <= len(b.trials) <= 20 and b.stacked is not bool(b.reason) for b in made)
    assert len(made) >= min(workers, len(missing))
    firsts = [missing.index(b.trials[0]) for b in made]
    assert firsts == sorted(firsts)


@pytest.fixture
def measured_anew(monkeypatch):
    """Counts the profiles that are made, and the stacks that are verified."""
    counts = Counter()
    profile, verified = profiling.profile, verification.verify

    def counted(trial, **options):
        counts["profiles"] += 1
        return profile(trial, **options)

    def verify(members, **options):
        counts["verifications"] += 1
        return verified(members, **options)

    monkeypatch.setattr(profiling, "profile", counted)
    monkeypatch.setattr(verification, "verify", verify)
    return counts


def test_what_was_seen_once_is_not_built_again(plan, measured_anew):
    words = ("study.design=factorial", "optimizer.lr=0.1,0.2", "replicates=2", "model.width=8,16")
    trials = plan(*words, "data.batch_size=10,20")
    first = arrange(trials, trials, workers=2)
    assert measured_anew == {"profiles": 2, "verifications": 2}, "two networks, however they are trained"
    again = plan(*words, "data.batch_size=30")
    assert arrange(trials, trials, workers=2) == first
    arrange(again, again, workers=2)
    assert measured_anew == {"profiles": 2, "verifications": 2}


def test_code_that_has_changed_is_profiled_again(plain, plan, measured_anew):
    body = """
        from torch import nn

        class Net(nn.Sequential):
            def __init__(self, width=8):
                super().__init__(nn.Flatten(), nn.Linear(64, width), nn.{}(), nn.Linear(width, 10))
        """
    plain(body.format("ReLU"), width=8)
    words = ("model=net", "~model.depth", "~model.skip_span", "model.width=8,9")
    trials = plan(*words)
    arrange(trials, trials, workers=1)
    arrange(trials, trials, workers=1)
    assert measured_anew["profiles"] == 2
    plain(body.format("Tanh"), width=8)
    arrange(trials, trials, workers=1)
    assert measured_anew["profiles"] == 4


@pytest.mark.usefixtures("kept_timings")
def test_a_plan_of_what_was_seen_loads_no_lightning(here, plan):
    trials = plan("model.width=8,16")
    arrange(trials, trials, workers=1)
    words = ["smoke", "study.factors=[]", "trainer.accelerator=cpu", "replicates=3", "model.width=8,16"]
    code = f"""
        import sys
        from ablate import study
        from ablate.execute.planner import schedule
        trials = study.plan({words!r}).trials
        assert schedule(trials, trials, workers=1).bundles
        print("torch" in sys.modules, "pytorch_lightning" in sys.modules)
    """
    code = textwrap.dedent(code)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("True False\n", "")
