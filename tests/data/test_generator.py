import numpy as np
import pytest
import torch
import yaml

import ablate.data
from ablate.config.search_path import packaged
from ablate.data.generator import generators
from ablate.data.split import split
from ablate.errors import DataError


def test_they_are_numpys_spawned_children():
    draws = [rng.standard_normal(3) for rng in generators(5, 2)]
    children = [np.random.SeedSequence(5, spawn_key=(i,)) for i in range(2)]
    np.testing.assert_array_equal(draws, [np.random.default_rng(c).standard_normal(3) for c in children])
    assert not np.array_equal(draws[0], draws[1])


def test_one_more_leaves_the_others():
    two, three = ([rng.random() for rng in generators(7, count)] for count in (2, 3))
    assert three[:2] == two


def test_a_negative_seed():
    with pytest.raises(DataError, match=r"data\.data_seed=-3; valid: 0 or more"):
        generators(-3, 1)


GENERATED = {
    "autoregression": {"coefficients": [1.2, -0.6]},
    "curve": {},
    "moons": {},
    "motifs": {},
    "recall": {},
    "synthetic": {},
    "xor": {"noise": 0.2},
}
FINITE = ("diabetes", "digit_pairs", "digit_sets", "digits", "shifted_digits")


@pytest.mark.parametrize("name", GENERATED)
def test_each_replicate_has_a_draw_of_its_own(name):
    function, settings = getattr(ablate.data, name), GENERATED[name]
    one, again, other = (function(**settings, replicate_seed=seed) for seed in (11, 11, 12))
    assert one.is_fresh
    assert split(one, seed=11).sampling == "fresh"
    assert torch.equal(one.pool.inputs, again.pool.inputs)
    assert not torch.equal(one.pool.inputs, other.pool.inputs)


@pytest.mark.parametrize("name", GENERATED)
def test_a_data_seed_fixes_one_draw_for_all_replicates(name):
    function, settings = getattr(ablate.data, name), GENERATED[name]
    one, other = (function(**settings, data_seed=3, replicate_seed=seed) for seed in (11, 12))
    assert not one.is_fresh
    assert torch.equal(one.pool.inputs, other.pool.inputs)
    assert split(one, seed=11).sampling == ("redrawn" if one.test is None else "official")


@pytest.mark.parametrize("name", [*GENERATED, "mnist1d", "mnist1d_features"])
def test_the_catalogue_asks_for_a_fresh_draw(name):
    assert yaml.safe_load((packaged() / "data" / f"{name}.yaml").read_text())["data_seed"] is None


@pytest.mark.parametrize("name", FINITE)
def test_a_finite_data_set_is_not_drawn_afresh(name):
    source = getattr(ablate.data, name)()
    assert not source.is_fresh
    assert "finite" in getattr(ablate.data, name).__doc__
    assert split(source, seed=1).sampling == ("redrawn" if source.test is None else "official")


def test_unseen_targets_take_one_draw():
    with pytest.raises(DataError, match=r"data\.unseen_below=-1\.0 goes with a data\.data_seed, such as 0"):
        ablate.data.synthetic(unseen_below=-1.0, test_size=None)
