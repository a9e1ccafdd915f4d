"""Builds a network from its configuration, initialised from its replicate's stream."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn

from ablate.config.model.edit import EDIT, EDIT_KEY
from ablate.config.trial import TrialConfig
from ablate.errors import ConfigError, ModelError, kind
from ablate.execute.targets.target import build, locate, takes
from ablate.execute.train.editing.call import adapted
from ablate.execute.train.editing.edited import edited
from ablate.execute.train.layer_streams import Kind, LayerStreams, Registration, keys, registrations

CPU = torch.device("cpu")


def network(config: TrialConfig, *, seed: int) -> nn.Module:
    """Builds `config.model` under an initialisation seed.

    A module that has a method `initialise(seed)`, as the shipped ones have, draws its parameters there, by their names.
    Any other is built with the global generators at that seed, and torch's at one keyed by name for each of its layers
    (`ablate.execute.train.layer_streams`). Then the edits of `model.edit` are applied. How it is called where an
    input is several tensors, or its output is not one, `ablate.execute.train.editing.call` says.

    Raises:
        ConfigError: it cannot be built or edited as configured.
        ModelError: what was built is not an nn.Module, or cannot be trained before it has seen data.
    """
    return adapted(_edited(_drawn(config, seed), config, seed), config)


def structure(config: TrialConfig) -> nn.Module:
    """Builds `config.model` with its edits, under no seed: for torch's meta device, where tensors have no values.

    Raises:
        ConfigError, ModelError: as `network`.
    """
    built = build(config.model.node, "model")
    _check(built, config)
    return adapted(_edited(built, config, seed=0), config)


def _edited(built: nn.Module, config: TrialConfig, seed: int) -> nn.Module:
    if not config.model.edits:
        return built
    if takes(locate(str(config.model["_target_"]), "model"), EDIT, by_name=True):
        raise ConfigError(
            f"{EDIT_KEY}: {config.model['_target_']} takes an argument {EDIT!r} itself, and ablate reads that key as "
            "edits of what was built. Rename the argument, or name a function in _target_ that calls it."
        )
    changed = edited(built, config.model.edits, seed=seed, reseed=seed_torch)
    _check(changed, config)
    return changed


def _drawn(config: TrialConfig, seed: int) -> nn.Module:
    seen: list[Registration] = []
    with registrations(seen.append):
        built = _seeded(config, seed)
    _check(built, config)
    initialise = getattr(built, "initialise", None)
    if callable(initialise) and takes(initialise, "seed", by_name=True):
        initialise(seed)
        return built
    expected = [(one.kind, key) for one, key in zip(seen, keys(built, seen), strict=True)]
    if not expected:
        return built
    del built, initialise
    seen.clear()
    return _keyed(config, seed, expected)


def _keyed(config: TrialConfig, seed: int, expected: Sequence[tuple[Kind, str]]) -> nn.Module:
    """The network with a stream for each layer; with one for all where its structure is another each time."""
    seed_everything(seed)
    streams = LayerStreams(expected, seed=seed, reseed=seed_torch)
    with registrations(streams):
        built = build(config.model.node, "model")
    if not streams.is_as_expected:
        built = _seeded(config, seed)
    _check(built, config)
    return built


def _seeded(config: TrialConfig, seed: int) -> Any:
    seed_everything(seed)
    return build(config.model.node, "model")


def _check(built: Any, config: TrialConfig) -> None:
    if not isinstance(built, nn.Module):
        raise ModelError(f"model: {config.model['_target_']} gives {kind(built)}, not a torch.nn.Module.")
    try:
        named = tuple(built.named_parameters())
    except AttributeError as error:
        raise ModelError(
            f"model: {config.model['_target_']} is not a complete torch.nn.Module: {error}. Call super().__init__() "
            "first in its __init__."
        ) from error
    for name, parameter in named:
        if isinstance(parameter, nn.UninitializedParameter):
            raise ModelError(
                f"model: {config.model['_target_']} has a lazy layer ({name}), whose size the first batch would "
                "set, outside its replicate's initialisation. Give the layer its sizes."
            )


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Puts a module into evaluation mode, and restores the mode of each part: some may have been frozen."""
    modes = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        yield
    finally:
        for part, mode in modes:
            part.training = mode


@contextmanager
def generators_restored(device: torch.device = CPU) -> Iterator[None]:
    """Restores the global generators of Python, NumPy and torch at the end, and of torch's the one of a device."""
    before, numpy_before = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng([] if device.type == "cpu" else [device], device_type=device.type):
            yield
    finally:
        random.setstate(before)
        np.random.set_state(numpy_before)


def seed_everything(seed: int) -> None:
    """Seeds the global generators of Python, NumPy and torch. NumPy takes 32 bits only."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    seed_torch(seed)


def seed_torch(seed: int) -> None:
    """Seeds torch's global generators.

    Without an accelerator, `torch.manual_seed` would still queue a call with a traceback for each kind of accelerator.
    """
    if torch.accelerator.is_available():
        torch.manual_seed(seed)
    else:
        torch.default_generator.manual_seed(seed)
