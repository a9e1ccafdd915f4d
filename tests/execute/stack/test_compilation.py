import dataclasses
import shutil

import pytest
import torch

from ablate.execute.train import compilation
from ablate.execute.train.compilation import COMPILED, FAILED

pytestmark = pytest.mark.numeric

NO_COMPILER = not any(map(shutil.which, ("g++", "clang++", "cl")))

WORDS = {
    "batch norm": ("replicates=3", "optimizer.lr=0.01,0.1", "model.norm=batch", "optimizer=sgd"),
    "two losses": ("replicates=2", "objective.loss.label_smoothing=0.0,0.2"),
    "dropout": (
        "replicates=2",
        "optimizer.lr=0.01,0.1",
        "model=net",
        "~model.depth",
        "~model.skip_span",
        "~model.width",
    ),
}

NET = """
    from torch import nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.Sequential(nn.Flatten(), nn.Linear(64, 9), nn.Dropout(0.3), nn.ReLU(), nn.Linear(9, 10))

        def forward(self, x):
            return self.layers(x)
    """


@pytest.fixture(autouse=True)
def nothing_is_known(monkeypatch):
    monkeypatch.setattr(compilation, "VERDICTS", {})
    torch.compiler.reset()
    yield
    torch.compiler.reset()


def with_compile(trials, value):
    """The same trials by their ids: how steps are computed is no part of one."""
    return tuple(dataclasses.replace(t, config=t.config.with_settings("trainer", compile=value)) for t in trials)


def assert_same(done, usual):
    for mine, theirs in zip(done.records, usual.records, strict=True):
        assert mine.id == theirs.id
        assert mine.responses == pytest.approx(theirs.responses, rel=1e-9)
        assert mine.counts == theirs.counts
        for name, moments in theirs.diagnostics.items():
            assert mine.diagnostics[name] == pytest.approx(moments, rel=1e-6)


@pytest.mark.parametrize("case", WORDS)
def test_a_traced_stack_trains_as_it_does_untraced(plain, trials, trained, traced, case):
    plain(NET)
    made = trials(*WORDS[case])
    usual = trained(made, stacked=True)
    assert traced == []
    assert {record.provenance.steps for record in usual.records} == {None}
    done = trained(with_compile(made, True), stacked=True)
    assert {record.provenance.steps for record in done.records} == {COMPILED}
    assert len(traced) == 1
    assert_same(done, usual)


def test_stacks_of_one_network_share_what_is_compiled(trials, trained, traced):
    made = with_compile(trials("replicates=6", "optimizer.lr=0.01,0.1"), True)
    for part in (made[:6], made[6:]):
        trained(part, stacked=True)
    assert len(traced) == 1


def test_a_stack_whose_compilation_fails_trains_as_one(trials, trained, monkeypatch):
    def broken(*_):
        raise RuntimeError("no")

    monkeypatch.setattr(compilation, "_compiled", lambda call, device: broken)
    made = trials("replicates=3", "optimizer.lr=0.01,0.1")
    usual, done = trained(made, stacked=True), trained(with_compile(made, True), stacked=True)
    assert {record.provenance.steps for record in done.records} == {f"{FAILED}: RuntimeError: no)"}
    assert [r.responses for r in done.records] == [r.responses for r in usual.records]


@pytest.mark.slow
@pytest.mark.skipif(NO_COMPILER, reason="torch's inductor needs a C++ compiler on a CPU")
@pytest.mark.parametrize("case", WORDS)
def test_a_stack_that_inductor_compiles_trains_as_it_does_without(plain, trials, trained, case):
    plain(NET)
    made = trials(*WORDS[case], "trainer.max_epochs=5")
    usual, done = trained(made, stacked=True), trained(with_compile(made, True), stacked=True)
    assert {record.provenance.steps for record in done.records} == {COMPILED}
    assert_same(done, usual)
