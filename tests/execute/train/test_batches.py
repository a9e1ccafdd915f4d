import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ablate.execute.train import batches
from ablate.execute.train.batches import MAX_CHUNK_STEPS, EvaluationChunks, TrainingChunks

pytestmark = pytest.mark.numeric


@settings(deadline=None, max_examples=60)
@given(examples=st.integers(1, 700), batch=st.integers(1, 60), seed=st.integers(0, 2**63 - 1))
def test_an_epoch_takes_whole_minibatches_of_different_examples(examples, batch, seed):
    training = TrainingChunks(examples=examples, batch_size=batch, seed=seed)
    taken = list(training)
    size = min(batch, examples)
    assert training.steps == examples // size == sum(len(chunk) for chunk in taken)
    assert len(training) == len(taken) == math.ceil(training.steps / MAX_CHUNK_STEPS)
    assert all(
        chunk.shape[1] == size and len(chunk) <= MAX_CHUNK_STEPS and chunk.dtype == torch.int64 for chunk in taken
    )
    indices = torch.cat([chunk.flatten() for chunk in taken])
    assert len(set(indices.tolist())) == len(indices) == training.steps * size
    assert 0 <= indices.min() <= indices.max() < examples


def test_every_epoch_has_another_order_and_every_seed_the_same_ones():
    one, two = (TrainingChunks(examples=50, batch_size=10, seed=3) for _ in range(2))
    epochs = [torch.cat(list(one)) for _ in range(3)]
    assert not torch.equal(epochs[0], epochs[1])
    assert not torch.equal(epochs[1], epochs[2])
    assert all(torch.equal(epoch, torch.cat(list(two))) for epoch in epochs)
    assert not torch.equal(epochs[0], torch.cat(list(TrainingChunks(examples=50, batch_size=10, seed=4))))


def test_the_order_is_torchs_permutation_at_the_seed_and_leaves_the_global_generator_alone():
    state = torch.get_rng_state()
    taken = torch.cat(list(TrainingChunks(examples=20, batch_size=6, seed=9)))
    assert torch.equal(torch.get_rng_state(), state)
    assert taken.flatten().tolist() == torch.randperm(20, generator=torch.Generator().manual_seed(9)).tolist()[:18]


@pytest.mark.parametrize(("limit", "steps"), [(1, 1), (3, 3), (99, 10), (1.0, 10), (0.5, 5), (0.25, 2), (0.01, 1)])
def test_a_limit_takes_the_first_minibatches_of_the_same_order(limit, steps):
    whole = torch.cat(list(TrainingChunks(examples=100, batch_size=10, seed=1)))
    limited = TrainingChunks(examples=100, batch_size=10, seed=1, limit=limit)
    assert limited.steps == steps
    assert torch.equal(torch.cat(list(limited)), whole[:steps])


def test_evaluation_takes_every_example_once_in_order(monkeypatch):
    monkeypatch.setattr(batches, "EVALUATION_BATCH_SIZE", 7)
    taken = list(EvaluationChunks(examples=17))
    assert [len(b) for b in taken] == [7, 7, 3]
    assert torch.cat(taken).tolist() == list(range(17))
    assert len(EvaluationChunks(examples=17)) == 3
