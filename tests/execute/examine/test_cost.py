import functools
import itertools
import time
from collections import Counter

import pytest
import torch

from ablate.design.point import DesignPoint
from ablate.execute.examine import cost
from ablate.execute.examine.costs import activation_bytes, latency_seconds
from ablate.execute.examine.costs._base import measures
from ablate.execute.process import hardware
from ablate.execute.tasks import PLAN_COST_BUDGET_S, RUN_COST_BUDGET_S
from ablate.plan.cost import NETWORK_COSTS
from ablate.store.costs import PointCost

pytestmark = pytest.mark.numeric
measure = functools.partial(cost.measure, budget_s=RUN_COST_BUDGET_S)

TINY = ("data.limit=60", "data.val_size=10", "data.test_size=20", "trainer.accelerator=cpu", "engine=inline")
NET = """
    from torch import nn

    class Net(nn.Module):
        def __init__(self, fails: bool = False):
            super().__init__()
            self.fails, self.layer = fails, nn.Sequential(nn.Flatten(), nn.Linear(64, 10), nn.Dropout(0.5))

        def forward(self, x):
            if self.fails:
                raise MemoryError
            assert self.training or len(x) == 1, "one example in evaluation"
            return self.layer(x)
"""


def points(number):
    return [DesignPoint(levels={"a": str(i)}) for i in range(number)]


def test_a_minibatch_is_kept_and_an_example_timed(resolve):
    config = resolve(*TINY, "model=mlp", "model.depth=0", "model.skip_span=0", "model.width=6", "data.batch_size=20")
    began = time.perf_counter()
    (found,) = measure(points(1), [config])
    took = time.perf_counter() - began
    # the flattened minibatch, and the hidden units after ReLU
    assert found.activation_bytes == 4 * 20 * (64 + 6)
    assert 0 < found.latency_seconds < took / 2, "the median of three calls at least, of which two take as long"
    assert found.levels == {"a": "0"}
    assert found.timed_on.startswith("one thread of ")


def test_no_more_examples_are_kept_than_there_are_to_train_on(resolve):
    words = (*TINY, "model=mlp", "model.depth=0", "model.skip_span=0", "model.width=6", "data.batch_size=1000")
    (found,) = measure(points(1), [resolve(*words)])
    assert found.activation_bytes == 4 * (60 - 10 - 20) * (64 + 6)


@pytest.mark.parametrize("kind", ["cuda", "mps"])
def test_a_call_is_over_when_the_device_is_done(kind, monkeypatch):
    waited = []
    monkeypatch.setattr(getattr(torch, kind), "synchronize", lambda *device: waited.append(device))
    hardware.synchronize(torch.device(kind))
    assert len(waited) == 1


@pytest.mark.parametrize("used", [True, False])
def test_no_memory_of_a_gpu_stays_cached(used, resolve, monkeypatch):
    freed = []
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: used)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: freed.append(True))
    measure(points(1), [resolve(*TINY)])
    assert bool(freed) == used


def test_it_is_measured_in_the_precision_that_it_trains_in(resolve):
    words = (*TINY, "model=mlp", "model.depth=0", "model.skip_span=0", "model.width=6", "data.batch_size=20")
    (single,) = measure(points(1), [resolve(*words)])
    (double,) = measure(points(1), [resolve(*words, "trainer.precision=64-true")])
    assert double.activation_bytes == 2 * single.activation_bytes


def test_mixed_precision_keeps_half_of_it_and_no_weights(resolve):
    words = (*TINY, "model=mlp", "model.depth=0", "model.skip_span=0", "model.width=6", "data.batch_size=20")
    (mixed,) = measure(points(1), [resolve(*words, "trainer.precision=bf16-mixed")])
    assert mixed.activation_bytes == 2 * 20 * (64 + 6)


def test_a_network_of_ones_own_is_measured_in_its_modes(plain, resolve):
    plain(NET)
    (found,) = measure(points(1), [resolve(*TINY, "data.batch_size=4", study="plain")])
    assert found.activation_bytes is not None
    assert found.activation_bytes > 4 * 4 * 64  # the minibatch, and the mask that dropout draws in training only
    assert found.latency_seconds is not None


def test_what_fails_here_is_not_measured_and_stops_nothing(plain, resolve):
    plain(NET, fails=False)
    configs = [resolve(*TINY, f"model.fails={fails}", study="plain") for fails in (True, False)]
    broken, whole = measure(points(2), configs)
    assert (broken.activation_bytes, broken.latency_seconds) == (None, None)
    assert whole.latency_seconds is not None


@pytest.mark.parametrize("probe", ["true", "false"])
def test_a_lightning_module_is_measured_on_its_example(own, resolve, probe):
    config = resolve(f"model.probe={probe}", "trainer.accelerator=cpu", study="own")
    (found,) = measure(points(1), [config])
    assert (found.latency_seconds is None) == (found.activation_bytes is None) == (probe == "false")


def test_the_time_for_all_of_them_is_bounded(resolve, monkeypatch):
    ticks = iter(range(100))
    monkeypatch.setattr(cost._Meter, "cost", lambda *_: GUESSED)
    configs = [resolve(*TINY, "model=mlp", f"model.width={width}") for width in range(1, 8)]
    found = measure(points(7), configs, clock=lambda: next(ticks) * RUN_COST_BUDGET_S / 4)
    assert [p.levels["a"] for p in found] == ["0", "1", "2", "3"]


def test_a_plan_has_less_time(resolve, monkeypatch):
    ticks = iter(range(100))
    monkeypatch.setattr(cost._Meter, "cost", lambda *_: GUESSED)
    configs = [resolve(*TINY, "model=mlp", f"model.width={width}") for width in range(1, 5)]
    budget = PLAN_COST_BUDGET_S
    assert len(measure(points(4), configs, budget_s=budget, clock=lambda: next(ticks) * budget / 2)) == 2
    assert PLAN_COST_BUDGET_S < RUN_COST_BUDGET_S


def test_points_that_are_trained_otherwise_share_what_was_measured_once(resolve, monkeypatch):
    done = Counter()
    rooms = {"network": cost, "latency": latency_seconds, "activation_bytes": activation_bytes, "trainer": cost}
    for name, room in rooms.items():
        real = getattr(room, name)
        monkeypatch.setattr(room, name, lambda *a, n=name, f=real, **k: done.update([n]) or f(*a, **k))
    swept = itertools.product((4, 6), (0.1, 0.2), (5, 10, 20))
    configs = [
        resolve(*TINY, "model=mlp", f"model.width={width}", f"optimizer.lr={lr}", f"data.batch_size={batch}")
        for width, lr, batch in swept
    ]
    found = measure(points(12), configs)
    assert [p.levels["a"] for p in found] == [str(i) for i in range(12)]
    assert done == {"network": 2, "latency": 2, "activation_bytes": 6, "trainer": 1}
    assert len({p.latency_seconds for p in found}) == 2
    assert len({p.activation_bytes for p in found}) == 6


def test_networks_that_alternate_are_timed_once(resolve, monkeypatch):
    timed = []
    monkeypatch.setattr(latency_seconds, "latency", lambda *_, **__: timed.append(1) or 0.1)
    configs = [resolve(*TINY, "model=mlp", f"model.width={4 + i % 2}", f"data.batch_size={i + 1}") for i in range(6)]
    assert len({p.activation_bytes for p in measure(points(6), configs)}) == 6
    assert len(timed) == 2


GUESSED = PointCost(levels={}, activation_bytes=1, latency_seconds=1.0, timed_on="a guess")


def test_threads_and_generators_are_left_alone(resolve):
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    measure(points(1), [resolve(*TINY)])
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads


def test_every_cost_that_is_measured_has_its_file_and_a_number(resolve):
    assert list(measures()) == [name for name, kind in NETWORK_COSTS.items() if kind.measured]
    (found,) = measure(points(1), [resolve(*TINY, "model=mlp")])
    numbers = found.numbers()
    assert {name for name, number in numbers.items() if number is not None} == set(measures())
    assert all(numbers[name] > 0 for name in measures())
