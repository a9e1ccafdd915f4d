"""What a stack's examples take in memory: as much as the planner counts. `meta` stands for the device."""

import weakref

import pytest
import torch

from ablate.execute.planner.memory import stack_bytes
from ablate.execute.process import resident
from ablate.execute.stack import fit as room
from ablate.execute.stack.data import SPLITS, StackedData
from ablate.execute.stack.member import Member
from ablate.execute.train.dataset import shared_splits, splits
from ablate.execute.train.trainer import trainer


@pytest.fixture
def on_device(monkeypatch):
    """Bytes of the examples that a stack of these trials, and the cache of its process, have on the device."""
    monkeypatch.setattr(resident, "_COPIES", {})
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: True)

    def held(trials):
        draw = shared_splits()
        members = [Member.of(trial.config, trial.streams, make_splits=draw) for trial in trials]
        one = sum(buffer.nbytes for buffer in members[0].module.buffers(recurse=False))
        data = StackedData([member.module for member in members]).to("meta")
        rows = [getattr(data, f"{split}_{what}") for split in SPLITS for what in ("inputs", "targets")]
        there = {id(t): t for t in [*rows, *(t for copies in resident._COPIES.values() for t in copies.values())]}
        assert all(tensor.is_meta for tensor in there.values())
        return one, sum(tensor.nbytes for tensor in there.values() if tensor.ndim > 1 or tensor.numel() > len(members))

    return held


@pytest.mark.parametrize(("replicates", "copies"), [(1, 1), (2, 4), (5, 10)])
def test_joined_examples_are_there_twice_and_equal_ones_once(trials, on_device, replicates, copies):
    made = trials("model.init=he,xavier,orthogonal", f"replicates={replicates}", "trainer.precision=32-true")
    one, held = on_device(made)
    assert held == copies * one
    assert stack_bytes(0, examples=one, splits=replicates, members=len(made)) == held


def test_of_what_is_kept_and_trained_on_the_larger_counts():
    """What a stack trains on is among what its process keeps, if that is enough for it."""
    assert stack_bytes(7, examples=100, splits=5, members=1) == 7 + 100
    assert stack_bytes(7, examples=100, splits=5, members=1, kept=300) == 7 + 300
    assert stack_bytes(7, examples=100, splits=5, members=2, kept=300) == 2 * 7 + 300 + 200
    assert stack_bytes(7, examples=100, splits=5, members=9, kept=300) == 9 * 7 + 500 + 500
    assert stack_bytes(7, examples=100, splits=1, members=9, kept=50) == 9 * 7 + 100


def test_on_the_cpu_examples_that_have_been_joined_are_freed(trials, trained, monkeypatch):
    drawn, left = [], []

    def draw(config, *, seed):
        found = splits(config, seed=seed)
        drawn.append(weakref.ref(found.train.inputs))
        return found

    def make_trainer(*args, **kwargs):
        left.extend(reference() for reference in drawn)
        return trainer(*args, **kwargs)

    monkeypatch.setattr(room, "splits_for", lambda settings: draw)
    monkeypatch.setattr(room, "make_trainer", make_trainer)
    assert len(trained(trials("model.init=he,xavier", "replicates=2"), stacked=True).records) == 4
    assert left == [None, None]
