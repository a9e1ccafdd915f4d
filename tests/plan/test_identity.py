import copy
import hashlib
import random
import time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ablate.config.group import OMITTED_KEYS, TRAINED
from ablate.config.trial import TrialConfig
from ablate.errors import ConfigError
from ablate.plan import ConfigDigest, trial_id

modest = settings(deadline=None, max_examples=60)
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
keys = st.text("abcxyz_", min_size=1, max_size=4)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)
whole = st.fixed_dictionaries({group: st.dictionaries(keys, values, min_size=1, max_size=4) for group in TRAINED})


def reordered(value, rng):
    if isinstance(value, dict):
        items = [(key, reordered(inner, rng)) for key, inner in value.items()]
        rng.shuffle(items)
        return dict(items)
    return [reordered(inner, rng) for inner in value] if isinstance(value, list) else value


def slots(value):
    """Every (container, key) inside the value."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(pairs):
        yield value, key
        yield from slots(inner)


def same(config):
    config = TrialConfig.from_dict(config) if isinstance(config, dict) else config
    return trial_id(config, seed=0, replicate=0)


def test_an_id_never_changes_by_accident(config):
    assert trial_id(config, seed=0, replicate=0) == "7131df430a5c"
    assert trial_id(config, seed=0, replicate=1) == "1f421f643c82"


def test_it_is_the_hash_that_the_docs_describe(config):
    text = "\n".join(
        (
            "schema:1",
            'data:{"_target_":"ablate.data.digits","batch_size":64}',
            'model:{"_target_":"ablate.models.MLP","activation":"relu","width":16}',
            'objective:{"loss":"cross_entropy"}',
            'optimizer:{"lr":0.001}',
            'trainer:{"max_epochs":5}',
        )
    )
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert trial_id(config, seed=3, replicate=4) == hashlib.sha256(f"{digest}:3:4".encode()).hexdigest()[:12]


@modest
@given(contents=whole, seed=st.integers(0, 99))
def test_key_order_does_not_matter(contents, seed):
    assert same(reordered(contents, random.Random(seed))) == same(contents)


@modest
@given(contents=whole, data=st.data())
def test_every_value_matters(contents, data):
    other = copy.deepcopy(contents)
    places = [slot for group in TRAINED for slot in slots(other[group])]
    container, key = data.draw(st.sampled_from(places))
    value = data.draw(leaves)
    before = container[key]
    assume(value != before or isinstance(value, bool) != isinstance(before, bool))
    container[key] = value
    assert same(other) != same(contents)


@modest
@given(contents=whole, data=st.data())
def test_every_key_matters(contents, data):
    other = copy.deepcopy(contents)
    places = [(c, k) for group in TRAINED for c, k in slots(other[group]) if isinstance(c, dict)]
    container, key = data.draw(st.sampled_from(places))
    container[f"{key}2"] = container.pop(key)
    assert same(other) != same(contents)


@modest
@given(contents=whole, value=values, which=st.sampled_from([1, "1", "auto", -1, "0,", "3,", None, "all"]))
def test_the_machine_and_the_rest_do_not_matter(contents, value, which):
    """`which`: the one device that it trains on; how many there are is part of a trial."""
    other = copy.deepcopy(contents)
    for group, machine_keys in OMITTED_KEYS.items():
        other[group] |= dict.fromkeys(machine_keys - {"devices"}, value)
    other["trainer"]["devices"] = which
    other |= {"engine": value, "logger": value, "results_dir": value, "study": value}
    assert same(other) == same(contents)


def test_what_counts_as_the_machine():
    assert dict(OMITTED_KEYS) == {
        "data": {"root", "download", "chance", "resident_gib", "workers"},
        "objective": {"responses"},
        "trainer": {"accelerator", "devices", "diagnostics", "channels_last", "compile", "timeout_min", "memory_gb"},
    }


def test_the_identity_is_the_config_without_machine_and_rest(config, contents):
    assert config.identity == {
        "data": {"_target_": "ablate.data.digits", "batch_size": 64},
        "model": contents["model"],
        "objective": contents["objective"],
        "optimizer": contents["optimizer"],
        "trainer": {"max_epochs": 5},
    }


def test_exact_products_leave_an_id_as_it_was_before_they_could_be_chosen(config):
    words = ("highest", "high", "medium")
    exact, *others = (config.with_settings("trainer", matmul_precision=word) for word in words)
    assert same(exact) == same(config) == "7131df430a5c"
    assert exact.identity == config.identity
    assert len({same(config), *map(same, others)}) == 3
    assert same(config.with_settings("model", matmul_precision="highest")) != same(config)


@pytest.mark.parametrize("none", [None, {}])
def test_no_schedule_and_no_budget_of_steps_leave_an_id_as_it_was_before_there_were_any(config, none):
    absent = {"max_steps": None, "ema_decay": None, "patience": None, "stacked": True, "callbacks": {}}
    without = config.with_groups(scheduler=none).with_settings("trainer", **absent)
    without = without.with_settings("optimizer", weight_decay_on="all")
    assert same(without) == "7131df430a5c"
    assert without.identity == config.identity
    stop = {"stop": {"_target_": "pytorch_lightning.callbacks.EarlyStopping", "monitor": "val/loss"}}
    others = [config.with_groups(scheduler={"T_max": 5})]
    others += [config.with_settings("trainer", **setting) for setting in ({"max_steps": 5}, {"callbacks": stop})]
    assert len({same(config), *map(same, others)}) == 4


def test_other_test_images_are_another_trial(config):
    usual, other = (config.with_settings("data", tested_on=where) for where in ("unseen", "seen"))
    assert same(usual) == same(config) == "7131df430a5c"
    assert same(other) != same(config)


@pytest.mark.parametrize("off", [None, {}, {"cutout": 0, "mixup": 0.0}, {"flip": False, "crop": 0}, {"crop": 0}])
def test_augmentation_that_is_off_leaves_an_id_as_it_was(config, off):
    without = config.with_settings("data", augmentation=off)
    assert same(without) == "7131df430a5c"
    assert without.identity == config.identity


def test_augmentation_that_is_on_is_another_trial(config):
    ons = [
        {"flip": True, "crop": 0},
        {"flip": True},
        {"flip": False, "crop": 1},
        {"flip": True, "crop": 1},
        "own",
        False,
    ]
    ids = [same(config.with_settings("data", augmentation=on)) for on in ons]
    assert ids[0] == ids[1]
    assert len({*ids, same(config)}) == 6
    assert same(config.with_settings("model", augmentation={"flip": False})) != same(config)


@pytest.mark.parametrize("key", ["root", "accelerator"])
def test_a_machine_key_elsewhere_matters(config, key):
    assert same(config.with_settings("model", **{key: "x"})) != same(config)
    assert same(config.with_settings("data", inner={key: "x"})) != same(config)


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (1, 1.0, True),
        (0.0, -0.0, True),
        (10**20, 1e20, True),
        ((1, 2), [1, 2], True),
        (1, True, False),
        (1, "1", False),
        (None, "null", False),
        (None, False, False),
        (0.001, 1e-3, True),
        (0.1, 0.10000000000000002, False),
        (float("inf"), "Infinity", False),
        ({1: "x"}, {"1": "x"}, False),
        ({1: "x", "a": "y"}, {"a": "y", 1.0: "x"}, True),
        ([], {}, False),
    ],
)
def test_numbers_that_are_equal_are_the_same(config, one, other, equal):
    assert (same(config.with_groups(model={"x": one})) == same(config.with_groups(model={"x": other}))) is equal


def test_an_absent_group_is_null(contents):
    without = {group: content for group, content in contents.items() if group != "objective"}
    assert same(without) == same({**contents, "objective": None}) != same(contents)


def test_seed_and_replicate_matter(config):
    ids = {trial_id(config, seed=seed, replicate=replicate) for seed in range(20) for replicate in range(20)}
    assert len(ids) == 400
    assert all(len(i) == 12 and set(i) <= set("0123456789abcdef") for i in ids)


@pytest.mark.parametrize("value", [object, {1, 2}, b"x", 1j])
def test_a_value_that_has_no_text_is_named(config, value):
    broken = config.with_groups(model={"blocks": [{"act": value}]})
    with pytest.raises(ConfigError, match=r"`model\.blocks\[0\]\.act` is .* of type \w+, which cannot be part of"):
        same(broken)


def test_five_thousand_trials_are_quick(config):
    model = {"layers": [{"width": i, "dropout": i / 7} for i in range(40)]}
    started = time.process_time()  # of this process alone: other work on the machine does not count
    digests = [ConfigDigest.of(config.with_groups(model=model, optimizer={"lr": i})) for i in range(1000)]
    ids = {d.trial_id(seed=0, replicate=r) for d in digests for r in range(5)}
    assert len(ids) == 5000
    assert time.process_time() - started < 3, "several times what it takes on a slow, shared core"
