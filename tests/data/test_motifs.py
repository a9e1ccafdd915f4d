import numpy as np
import pytest
import torch

from ablate.data import check, motifs, split
from ablate.data.motifs import MOTIFS
from ablate.errors import DataError

pytestmark = pytest.mark.numeric


def windows(arrays):
    return np.lib.stride_tricks.sliding_window_view(arrays.inputs[:, 0].double().numpy(), 8, axis=1)


def test_motifs_sum_to_zero_and_differ_from_every_shift_of_each_other():
    assert MOTIFS.sum(axis=1).tolist() == [0, 0, 0, 0]
    for i, one in enumerate(MOTIFS):
        for j, other in enumerate(MOTIFS):
            products = [int(sum(one[s:] * other[: 8 - s])) for s in range(8)]
            assert max(map(abs, products[i == j :])) <= 4


def test_without_noise_each_sequence_is_its_motif_among_zeros():
    pool = motifs(noise=0.0, length=20).pool
    for sequence, label in zip(pool.inputs[:, 0].numpy(), pool.targets.tolist(), strict=True):
        start = int(np.flatnonzero(sequence)[0])
        np.testing.assert_array_equal(sequence[start : start + 8], MOTIFS[label])
        assert np.abs(sequence).sum() == 8


def test_classes_and_places_are_equally_likely():
    pool = motifs(noise=0.0, examples=20_000, length=12).pool
    starts = (pool.inputs[:, 0] != 0).int().argmax(dim=1)
    counts = torch.bincount(pool.targets * 5 + starts, minlength=20)
    assert (counts - 1000).abs().max() < 5 * np.sqrt(1000)


@pytest.mark.parametrize(
    ("noise", "length", "best"),
    [(0.5, 16, 0.992), (0.5, 32, 0.990), (0.5, 64, 0.989), (0.7, 16, 0.912), (0.7, 32, 0.893), (0.7, 64, 0.866)],
)
def test_the_rule_of_the_largest_likelihood_scores_the_bayes_accuracy(noise, length, best):
    """The likelihood of a class is a mean over places of exp((m·x − m·m/2) / noise²)."""
    pool = motifs(noise=noise, length=length, examples=8000, data_seed=3).pool
    exponents = windows(pool) @ MOTIFS.T / noise**2
    likelihood = np.exp(exponents - exponents.max()).sum(axis=1)
    accuracy = (likelihood.argmax(axis=1) == pool.targets.numpy()).mean()
    assert accuracy == pytest.approx(best, abs=4 * np.sqrt(best * (1 - best) / 8000))


def test_noise_is_everywhere():
    quiet, loud = (motifs(noise=noise, examples=4000).pool.inputs.double() for noise in (0.0, 0.5))
    np.testing.assert_allclose((loud - quiet).std(dim=0), 0.5, rtol=0.07)
    np.testing.assert_allclose((loud - quiet).mean(dim=0), 0, atol=5 * 0.5 / np.sqrt(4000))


@pytest.mark.parametrize("test_length", [16, 64])
def test_another_length_at_the_test_leaves_what_is_trained_on(test_length):
    same, other = (split(motifs(test_length=n), seed=1) for n in (None, test_length))
    assert same.test.inputs.shape == (400, 1, 32)
    assert other.test.inputs.shape == (400, 1, test_length)
    assert torch.equal(same.train.inputs, other.train.inputs)
    assert torch.equal(same.val.targets, other.val.targets)
    check(other, inputs=[1, 32], outputs=4)
    with pytest.raises(DataError, match=r"train split has shape \[1, 32\].*data\.inputs=\[1, 64\]"):
        check(other, inputs=[1, 64], outputs=4)


def test_padding_follows_the_sequence():
    plain, padded = (motifs(test_length=16, padded_length=n) for n in (None, 64))
    for name, length in (("pool", 32), ("test", 16)):
        before, after = getattr(plain, name), getattr(padded, name)
        assert after.inputs.shape[2] == 64
        assert torch.equal(after.inputs[..., :length], before.inputs)
        assert (after.inputs[..., length:] == 0).all()
        assert torch.equal(after.targets, before.targets)


def test_mixed_lengths_are_equally_likely_and_the_mask_says_which():
    pool = motifs(length=20, shortest=16, padded_length=24, masked=True, examples=20_000).pool
    sequences, present = pool.inputs.unbind(1)
    lengths = present.sum(1).long()
    assert torch.equal(present, (torch.arange(24) < lengths[:, None]).float())
    assert not sequences[present == 0].any()
    assert (sequences[present == 1] != 0).all()
    counts = torch.bincount(lengths - 16, minlength=5)
    assert (counts - 4000).abs().max() < 5 * np.sqrt(4000)


def test_a_motif_is_within_its_sequence_wherever_it_fits():
    pool = motifs(length=12, shortest=8, masked=True, noise=0.0, examples=20_000).pool
    sequences, present = pool.inputs.unbind(1)
    starts, lengths = (sequences != 0).int().argmax(1), present.sum(1).long()
    assert (sequences != 0).sum(1).eq(8).all()
    for length in range(8, 13):
        counts = torch.bincount(starts[lengths == length], minlength=length - 7)
        assert len(counts) == length - 7
        assert (counts - counts.float().mean()).abs().max() < 5 * np.sqrt(20_000 / 5 / (length - 7))


def test_shorter_training_sequences_leave_the_test():
    one, other = (motifs(length=64, shortest=n, test_length=32, padded_length=64) for n in (None, 16))
    assert torch.equal(one.test.inputs, other.test.inputs)
    assert not torch.equal(one.pool.inputs, other.pool.inputs)


def test_sizes_limit_and_seed():
    splits = split(motifs(), seed=0)
    assert (len(splits.train), len(splits.val), len(splits.test)) == (1000, 200, 400)
    assert len(motifs(limit=300).pool) == 300
    assert not torch.equal(motifs(data_seed=1).test.inputs, motifs().test.inputs)
    pool, test = motifs(examples=400).pool, motifs().test
    assert not torch.equal(pool.inputs, test.inputs)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"length": 7}, r"data\.length=7; valid: 8 or more"),
        ({"test_length": 7}, r"data\.test_length=7; valid: 8 or more"),
        ({"padded_length": 31}, r"data\.padded_length=31 is shorter than the sequences; valid: 32 or more"),
        ({"test_length": 64, "padded_length": 40}, "valid: 64 or more"),
        ({"shortest": 7}, r"data\.shortest=7; valid: 8 or more"),
        ({"shortest": 33}, r"data\.shortest=33 is longer than data\.length=32; valid: up to 32, or null"),
        ({"noise": -1.0}, r"data\.noise=-1\.0"),
        ({"examples": 0}, r"data\.examples=0"),
        ({"test_size": 0}, r"data\.test_size=0"),
        ({"data_seed": -1}, r"data\.data_seed=-1"),
    ],
)
def test_what_is_out_of_range(options, message):
    with pytest.raises(DataError, match=message):
        motifs(**options)
