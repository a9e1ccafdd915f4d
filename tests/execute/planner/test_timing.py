import pytest
import torch

from ablate import study
from ablate.execute.planner import timing as room
from ablate.execute.planner.timing import time_steps
from ablate.execute.planner.widths import WIDTHS, widths_on
from ablate.execute.process.isolation import isolated_process
from ablate.execute.stack.member import Member
from ablate.execute.train.fit import prepare

CPU = torch.device("cpu")


@pytest.fixture
def measured(here):
    def of(*words, stacked=True):
        trial = study.plan(["smoke", "replicates=1", "data.limit=null", *words], cwd=here).trials[0]
        with isolated_process(threads=1):
            fit = prepare(trial.config, trial.streams)
            member = Member.of(trial.config, trial.streams, fit=fit) if stacked else None
            steps = next(iter(fit.data["train_dataloaders"]))
            return time_steps(fit.module, member, steps=steps, device=CPU, work=7.0, build=0.5)

    return of


@pytest.mark.usefixtures("processor_time")
def test_stacks_of_a_small_net_take_a_fraction(measured):
    found = min(
        (measured("model.width=8", "data.batch_size=8") for _ in range(3)),
        key=lambda p: min(p.stacked.values()) / p.step,
    )
    assert tuple(found.stacked) == WIDTHS[: len(found.stacked)]
    assert 0.01 < min(found.stacked.values()) / found.step < 0.7
    assert (found.work, found.build) == (7.0, 0.5)
    assert 0 < found.example < found.step


def test_what_cannot_be_stacked_and_what_takes_long_is_timed_alone(measured, monkeypatch):
    assert measured(stacked=False).stacked == {}
    monkeypatch.setattr(room, "BUSY_STEP_S", 0.0)
    assert measured().stacked == {}


def test_a_step_takes_at_least_as_long_as_its_examples_are_read(measured, monkeypatch):
    monkeypatch.setattr(room, "_time_reading", lambda module, steps: 9.0)
    found = measured("data.batch_size=20", stacked=False)
    assert (found.step, found.example) == (9.0, 9.0 / 20)


def test_wider_stacks_are_not_tried_once_one_is_no_faster(measured, monkeypatch):
    widths = []

    def fastest(take, steps, device):
        widths.append(steps.shape[1] if steps.ndim == 3 else 1)
        return {1: 1e-3, 4: 2e-3, 10: 9e-3}[widths[-1]]

    monkeypatch.setattr(room, "_fastest", fastest)
    assert measured().stacked == {4: 2e-3 / 4, 10: 9e-3 / 10}
    assert widths == [1, 4, 10]


def test_convolutions_are_matrix_products_where_that_is_faster(measured, monkeypatch):
    monkeypatch.setattr(room, "_ways", lambda *_: (False, True))
    built = []
    stacked = room.StackedModule

    def counted(members, *, conv_as_matmul):
        built.append(conv_as_matmul)
        return stacked(members, conv_as_matmul=conv_as_matmul)

    monkeypatch.setattr(room, "StackedModule", counted)
    conv = ("model=simple_resnet", "model.width=2", "model.depth=1", "model.skip_span=1", "data.batch_size=4")
    for faster in (True, False):
        built.clear()
        fastest = lambda take, steps, device, f=faster: 1e-3 if built[-1:] in ([], [f]) else 2e-3  # noqa: E731
        monkeypatch.setattr(room, "_fastest", fastest)
        found = measured(*conv)
        assert found.conv_as_matmul is faster
        assert set(built) == {False, True}
        assert found.stacked[4] == 1e-3 / 4


def test_a_processor_is_not_asked_for_matrix_products(measured, here):
    trial = study.plan(["smoke", "model=simple_resnet", "replicates=1"], cwd=here).trials[0]
    module = prepare(trial.config, trial.streams).module
    assert room._ways(module, CPU) == (False,)
    assert room._ways(module, torch.device("cuda")) == (False, True)
    dense = study.plan(["smoke", "replicates=1"], cwd=here).trials[0]
    assert room._ways(prepare(dense.config, dense.streams).module, torch.device("cuda")) == (False,)


def test_the_least_of_several_steps_counts(monkeypatch):
    clock = iter([0.0, 1.0, 4.0, 4.0, 6.0, 6.0])
    monkeypatch.setattr(room.time, "perf_counter", lambda: next(clock))
    taken = []
    assert room._fastest(lambda steps: taken.append(steps.tolist()), torch.arange(2).view(2, 1), CPU) == 2.0
    assert taken == [[[0]], [[0]], [[1]]]


def test_each_width_has_a_loss_with_tensors_of_its_own(here, monkeypatch):
    """What one width moves to its device, the next ones would otherwise find there."""
    trial = study.plan(["smoke", "replicates=1"], cwd=here).trials[0]
    stacks = []

    class Kept(room.StackedModule):
        def __init__(self, members, **options):
            super().__init__(members, **options)
            stacks.append(self)

    monkeypatch.setattr(room, "StackedModule", Kept)
    monkeypatch.setattr(room, "WIDTHS", (2, 3))
    monkeypatch.setattr(room, "MAX_STACKED_SHARE", 1e9)
    with isolated_process(threads=1):
        fit = prepare(trial.config, trial.streams)
        fit.module.loss = torch.nn.CrossEntropyLoss(weight=torch.ones(10))
        member = Member.of(trial.config, trial.streams, fit=fit)
        steps = next(iter(fit.data["train_dataloaders"]))
        time_steps(fit.module, member, steps=steps, device=CPU, work=7.0, build=0.5)
    first, second = stacks
    first.to("meta")
    assert {loss.weight.device.type for loss in second.loss.losses} == {"cpu"}
    assert fit.module.loss.weight.device.type == "cpu"


GPU = torch.device("cuda")
"""Its name only: what is timed here stays on the processor."""


@pytest.fixture
def unsynchronized(monkeypatch):
    monkeypatch.setattr(room, "synchronize", lambda device: None)


@pytest.mark.usefixtures("unsynchronized")
def test_an_accelerator_is_timed_over_several_steps_at_once(monkeypatch):
    """It computes one while the next are queued."""
    clock = iter([0.0, 1.0, 9.0, 9.0, 13.0, 13.0])
    monkeypatch.setattr(room.time, "perf_counter", lambda: next(clock))
    taken = []
    steps = torch.arange(4).view(4, 1)
    assert room._fastest(lambda some: taken.append(len(some)), steps, GPU) == (13.0 - 9.0) / 4
    assert taken == [1, 4, 4]


class Stack:
    """Stands in for a stack, of which those of more than 50 members do not fit into the GPU's memory."""

    def __init__(self, members, **_):
        self.width = len(members)

    def to(self, device):
        if self.width > 50:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return self

    def configure_optimizers(self):
        return None


@pytest.mark.usefixtures("unsynchronized")
def test_stacks_are_tried_to_two_hundred_members_as_memory_allows(here, monkeypatch):
    trial = study.plan(["smoke", "replicates=1"], cwd=here).trials[0]
    fit = prepare(trial.config, trial.streams)
    member = Member.of(trial.config, trial.streams, fit=fit)
    monkeypatch.setattr(room, "_fastest", lambda take, steps, device: 1e-3)
    monkeypatch.setattr(room, "StackedModule", Stack)
    steps = torch.zeros(2, 3, dtype=torch.long)

    def time_stacks(device, count=1000):
        widths = widths_on(device, count)
        return room._time_stacks(fit.module, member, steps, device, alone=1e-3, widths=widths, conv_as_matmul=False)

    assert list(time_stacks(GPU)) == [4, 10, 20, 50]
    monkeypatch.setattr(Stack, "to", lambda self, device: self)
    assert list(time_stacks(GPU)) == [4, 10, 20, 50, 100, 200]
    assert list(time_stacks(CPU)) == list(time_stacks(CPU, 3)) == [4, 10, 20]
    assert list(time_stacks(GPU, 11)) == [4, 10, 20], "no wider than eleven trials are"
    assert list(time_stacks(GPU, 4)) == [4]


@pytest.mark.usefixtures("unsynchronized")
def test_of_an_evaluation_on_an_accelerator_two_sizes_are_timed_when_they_are_warm(here, monkeypatch):
    trial = study.plan(["smoke", "replicates=1"], cwd=here).trials[0]
    module = prepare(trial.config, trial.streams).module
    count, seen = len(module.val_inputs), []

    def fastest(take, rows, device):
        take(rows)
        seen.append(tuple(rows.shape[:2]))
        return 1e-3 + 1e-6 * rows.shape[1]

    monkeypatch.setattr(room, "_fastest", fastest)
    example, batch = room._time_evaluation(module, GPU)
    assert seen == [(1, 1), (1, count)]
    assert (example, batch) == (pytest.approx(1e-6), pytest.approx(1e-3))
    assert room._time_evaluation(module, CPU)[1] == 0.0
