"""Widths that are solved for, held against every width there is."""

import copy
import re

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ablate.config.spec import Capacity, Factor, Response, StudySpec
from ablate.config.trial import TrialConfig
from ablate.design.point import DesignPoint
from ablate.errors import ConfigError, DesignError
from ablate.execute.examine import capacity as room
from ablate.execute.examine.capacity import count, match
from ablate.execute.train.network import network
from ablate.execute.train.size import parameters

MLP = {"_target_": "ablate.models.MLP", "inputs": [1, 8, 8], "outputs": 10, "width": 24, "depth": 1}
RESNET = {"_target_": "ablate.models.ResNet", "inputs": [1, 8, 8], "outputs": 10, "width": 12, "depth": 2}


def solve(model, levels, *, capacity=None, key="model.depth"):
    """The configurations of a study of one factor, whose first level is the reference: `match`, without Hydra."""
    given = {str(level): (f"{key}={yaml.safe_dump(level).split(chr(10))[0]}",) for level in levels}
    factor = Factor(name="arm", levels=given, reference=next(iter(given)))
    spec = StudySpec(
        name="s", question="q", design="one_at_a_time", factors=(factor,), replicates=1, seed=0,
        response=Response(name="test/accuracy", better="higher"), capacity=capacity or Capacity(),
    )  # fmt: skip

    def resolve(_, overrides):
        config = {"model": copy.deepcopy(model)}
        for override in overrides:
            path, _, value = override.partition("=")
            *parents, leaf = path.split(".")
            node = config
            for name in parents:
                node = node[name]
            node[leaf] = yaml.safe_load(value)
        return TrialConfig.from_dict(config)

    points = [DesignPoint(levels={"arm": level}) for level in factor.levels]
    return match(spec, points, [resolve(p.levels, p.overrides(spec.factors)) for p in points], resolve)


def of_model(model):
    return TrialConfig.from_dict({"model": model})


def dense(width, depth):
    """Parameters of the MLP by hand: stem, hidden layers, head, each with biases."""
    return 64 * width + width + depth * (width * width + width) + 10 * width + 10


def nearest(target, size, largest=200):
    return min(range(1, largest), key=lambda width: abs(size(width) - target))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(width=st.integers(4, 64), depths=st.lists(st.integers(0, 6), min_size=2, max_size=4, unique=True))
def test_every_arm_is_within_two_percent_or_no_width_is(width, depths):
    target = dense(width, depths[0])
    best = {depth: nearest(target, lambda w, d=depth: dense(w, d), largest=400) for depth in depths}
    reachable = all(abs(dense(w, d) - target) <= 0.02 * target for d, w in best.items())
    try:
        configs = solve({**MLP, "width": width}, depths)
    except DesignError:
        assert not reachable
        return
    assert reachable
    assert configs[0].model["width"] == width
    for config, depth in zip(configs, depths, strict=True):
        found = config.model["width"]
        assert config.model["depth"] == depth
        assert abs(dense(found, depth) - target) == abs(dense(best[depth], depth) - target)
        assert abs(dense(found, depth) - target) <= 0.02 * target


@pytest.mark.parametrize("head", ["gap", "fc2"])
def test_a_residual_net_gets_the_width_that_brute_force_finds(head):
    def size(width, head):
        return parameters(network(of_model({**RESNET, "width": width, "head": head}), seed=0))

    reference, arm = solve({**RESNET, "head": "fc"}, ["fc", head], key="model.head", capacity=Capacity(within=0.1))
    target = size(12, "fc")
    assert reference.model["width"] == 12
    assert arm.model["width"] == nearest(target, lambda width: size(width, head), largest=40) != 12


def test_an_arm_of_equal_size_keeps_its_width():
    configs = solve(RESNET, ["relu", "tanh"], key="model.hidden_activation")
    assert [c.model["width"] for c in configs] == [12, 12]


def test_a_norm_in_groups_takes_multiples_only():
    (_, arm) = solve({**MLP, "norm": "group", "width": 32}, [1, 4], capacity=Capacity(within=0.15))
    width = arm.model["width"]
    sizes = {w: parameters(network(arm.with_settings("model", width=w), seed=0)) for w in range(8, 60, 4)}
    target = parameters(network(of_model({**MLP, "norm": "group", "width": 32}), seed=0))
    assert width % 4 == 0
    assert width == min(sizes, key=lambda w: abs(sizes[w] - target))


def test_no_weights_are_drawn_where_meta_tensors_do(monkeypatch):
    monkeypatch.setattr(room, "network", lambda *_, **__: pytest.fail("built for real"))
    assert count(of_model(MLP)) == dense(24, 1)
    assert count(of_model(RESNET)) == parameters(network(of_model(RESNET), seed=0))


VALUES = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, width: int, extra: int = 1):
        super().__init__()
        scale = float(torch.ones(3).sum())  # a meta tensor has no value
        self.layer = nn.Linear(int(scale), width, bias=False)
        self.more = nn.Linear(extra, 1, bias=False)
        self.more.weight.requires_grad_(False)


class Rounded(nn.Linear):
    # widths rounded up to multiples of 8
    def __init__(self, width: int, arms: int = 1):
        super().__init__(-width // 8 * -8, arms, bias=False)


class Freed(nn.Linear):
    def __init__(self, width: int, free: int = 1):
        super().__init__(width if free else 3, 1)


class Falling(nn.Linear):
    def __init__(self, width: int, extra: int = 0):
        super().__init__(max(200 - width, 1) + extra, 1)
"""


def test_a_module_that_needs_values_is_built_for_real(project):
    project("values.py", VALUES)
    assert count(of_model({"_target_": "values.Net", "width": 5})) == 15


def test_a_width_that_is_rounded_up_is_one_to_solve_for(project):
    project("values.py", VALUES)
    (reference, arm) = solve({"_target_": "values.Rounded", "width": 2, "arms": 3}, [3, 1], key="model.arms")
    assert reference.model["width"] == 2
    assert 17 <= arm.model["width"] <= 24


def test_parameters_that_do_not_train_do_not_count(project):
    project("values.py", VALUES)
    (_, arm) = solve({"_target_": "values.Net", "width": 5}, [0, 7], key="model.extra")
    assert arm.model["width"] == 5


def test_another_key_may_be_solved_for():
    (_, arm) = solve(MLP, [24, 12], key="model.width", capacity=Capacity(by="model.depth", within=0.1))
    target, depth = dense(24, 1), arm.model["depth"]
    assert depth == nearest(target, lambda d: dense(12, d)) != 1


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        (
            {"model": {**MLP, "width": 3}, "levels": [0, 5]},
            DesignError,
            "study.capacity: at arm=5 no model.width gives within 2% of the baseline's 235 parameters: 2 gives 190 "
            "(-19.1%) and 3 gives 295 (+25.5%). Give the baseline a larger model.width, of which one step is a smaller "
            "share, or allow more: study.capacity={matched: model.width, within: 0.2}.",
        ),
        (
            {"model": {**MLP, "width": 1}, "levels": [0, 60]},
            DesignError,
            "at arm=60 no model.width gives within 2% of the baseline's 85 parameters: 1 gives 205 (+141.2%). Give the "
            "baseline a larger model.width, of which one step is a smaller share, or leave study.capacity out.",
        ),
        (
            {"model": {**MLP, "width": 0.5}, "levels": [1, 2]},
            ConfigError,
            "study.capacity: model.width is 0.5 at the baseline: a whole number of 1 or more",
        ),
        (
            {"model": MLP, "levels": [1, 2], "capacity": Capacity(by="model.widht")},
            ConfigError,
            "study.capacity: at the baseline: Unknown key 'model.widht'. Did you mean 'model.width'?",
        ),
        (
            {"model": MLP, "levels": [8, 9], "key": "model.width"},
            ConfigError,
            "study.capacity solves for model.width, and level '8' of factor 'arm' sets it (model.width=8)",
        ),
        (
            {"model": {**MLP, "seed": 1}, "levels": [1, 2], "capacity": Capacity(by="model.seed")},
            ConfigError,
            "Unknown key 'model.seed'",
        ),
        (
            {"model": {**MLP, "skip_span": 2, "depth": 2}, "levels": [0, 2], "capacity": Capacity(by="model.skip_span"),
             "key": "model.depth"},
            DesignError,
            "the number of parameters does not depend on model.skip_span at the baseline",
        ),
        (
            {"model": {"_target_": "values.Freed", "width": 5}, "levels": [1, 0], "key": "model.free"},
            DesignError,
            "the number of parameters does not depend on model.width at arm=0: it stays at 4.",
        ),
        (
            {"model": {"_target_": "values.Falling", "width": 60}, "levels": [0, 50], "key": "model.extra"},
            DesignError,
            "at arm=50 the number of parameters does not rise with model.width: it falls from",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_matched_is_said(arguments, error, says, project):
    project("values.py", VALUES)
    with pytest.raises(error, match=re.escape(says)):
        solve(**arguments)
