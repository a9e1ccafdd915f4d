import dataclasses
import itertools

import numpy as np
import pytest
import torch

from ablate.errors import ConfigError
from ablate.plan import Streams, streams

NAMES = ("split", "initialisation", "order", "augmentation", "dropout")
GOLDEN = [
    (
        0,
        0,
        (
            2635072618980576772,
            5674686527938357681,
            4240988225342195449,
            1825777592097409337,
            5928019277999897136,
        ),
    ),
    (
        0,
        1,
        (
            2316410312047398653,
            2656959587162494210,
            24460892034325468,
            7001099261268947983,
            784227032306225868,
        ),
    ),
    (
        2026,
        3,
        (
            4688363818823258469,
            2451416287142722181,
            1824628322641204258,
            969343778714743044,
            410424944482107589,
        ),
    ),
]


@pytest.mark.parametrize(("seed", "replicate", "expected"), GOLDEN)
def test_the_values_never_change(seed, replicate, expected):
    assert dataclasses.astuple(streams(seed, replicate)) == expected


@pytest.mark.parametrize(("seed", "replicate"), [(0, 0), (0, 5), (2026, 3), (2**70, 1)])
def test_each_is_a_child_of_the_replicates_sequence(seed, replicate):
    drawn = dataclasses.asdict(streams(seed, replicate))
    for child, name in enumerate(NAMES):
        state = np.random.SeedSequence(seed, spawn_key=(replicate, child)).generate_state(1, np.uint64)
        assert drawn[name] == int(state[0]) % 2**63


def test_no_two_streams_are_the_same():
    drawn = [dataclasses.astuple(streams(*pair)) for pair in itertools.product(range(10), range(20))]
    assert len(set(itertools.chain.from_iterable(drawn))) == 10 * 20 * 5


def test_torch_and_numpy_take_them():
    for replicate in range(20):
        for value in dataclasses.astuple(streams(0, replicate)):
            assert type(value) is int
            assert torch.Generator().manual_seed(value).initial_seed() == value
            np.random.default_rng(value)


def test_the_fields_are_in_the_order_of_the_children():
    assert tuple(f.name for f in dataclasses.fields(Streams)) == NAMES


def test_a_negative_seed_is_refused():
    with pytest.raises(ConfigError, match=r"seed=-1: a seed is a whole number of 0 or more\."):
        streams(-1, 0)
