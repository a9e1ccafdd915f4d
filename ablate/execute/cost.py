"""Measures what the networks of a study cost to run: activation memory and latency, one design point at a time."""

import gc
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar, cast

import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from ablate.config.spec import Config
from ablate.data.split import training_examples
from ablate.design.point import DesignPoint
from ablate.execute import machine
from ablate.execute.activation_memory import activation_bytes
from ablate.execute.dataset import source
from ablate.execute.latency import latency
from ablate.execute.layout import channels_last, image_last
from ablate.execute.network import evaluating, is_own_lightning, network
from ablate.execute.provenance import own_modules_first
from ablate.execute.quiet import guest
from ablate.execute.settings import trainer_settings
from ablate.execute.trainer import trainer
from ablate.store.costs import Cost

SECONDS = 20.0
"""After which no further design point is measured: a study of many must not wait for its tables."""

Measured = TypeVar("Measured")


def measure(
    points: Sequence[DesignPoint], configs: Sequence[Config], *, clock: Callable[[], float] = time.monotonic
) -> tuple[Cost, ...]:
    """Measures design points in their order, on the device and in the precision that they train in, on one thread.

    To be called when nothing else is at work: a latency is of a network alone. What cannot be measured, such as a
    LightningModule without an `example_input_array`, is None; whatever is wrong with a network was said before.

    Args:
        points: Of a study that `examine` has passed.
        configs: Theirs.
        clock: In seconds; bounds the time that all of it takes.

    Returns:
        A cost for each point, as far as the time goes; points that share network, data and trainer share theirs.
    """
    own_modules_first()
    costs: list[Cost] = []
    found: dict[str, Cost] = {}
    began = clock()
    try:
        with guest(threads=1):
            for point, config in zip(points, configs, strict=True):
                network_and_device = json.dumps([config.get(g) for g in ("model", "data", "trainer")], sort_keys=True)
                if network_and_device not in found:
                    if clock() - began > SECONDS:
                        break
                    found[network_and_device] = _measured(point, config)
                costs.append(replace(found[network_and_device], levels=dict(point.levels)))
    finally:
        _give_back()
    return tuple(costs)


def _give_back() -> None:
    """Frees what this process has cached of a GPU's memory: workers are about to train on it.

    What remains until the process ends is CUDA's context, some hundred MB: nothing short of a process of its own gives
    that back.
    """
    if torch.cuda.is_initialized():
        gc.collect()
        torch.cuda.empty_cache()


def _measured(point: DesignPoint, config: Config) -> Cost:
    built = network(config, seed=0)
    made = _trainer(config, own=is_own_lightning(built))
    device, precision = made.strategy.root_device, made.precision_plugin
    built = cast(nn.Module, precision.convert_module(built)).to(device)
    example = _example(built, config)
    on = machine.name(device)

    def forward() -> object:
        with precision.forward_context():
            return built(example)

    def timed() -> float:
        with evaluating(built), torch.no_grad():
            return latency(forward, settle=_settle(device))

    def kept() -> int | None:
        assert example is not None
        if (batch := _batch(built, config)) is None:
            return None
        with precision.forward_context():
            return activation_bytes(built, example.repeat(batch, *[1] * (example.ndim - 1)))

    if example is not None:
        example = cast(Tensor, precision.convert_input(example.to(device)))
        if trainer_settings(config).channels_last:
            built, example = channels_last(built), image_last(example)
    return Cost(
        levels=dict(point.levels),
        latency_seconds=None if example is None else _tried(timed),
        activation_bytes=None if example is None else _tried(kept),
        timed_on=f"one thread of {on}" if device.type == "cpu" else on,
    )


def _batch(built: nn.Module, config: Config) -> int | None:
    """Examples of a minibatch: all that there are to train on, where `data.batch_size` is more. None: nobody says."""
    batch = config["data"].get("batch_size")
    if not isinstance(batch, int) or isinstance(batch, bool) or batch < 1:
        return None
    return batch if isinstance(built, pl.LightningModule) else min(batch, training_examples(source(config)))


def _settle(device: torch.device) -> Callable[[], None]:
    """What waits for the work that a device has been given."""
    if device.type == "cuda":
        return lambda: torch.cuda.synchronize(device)
    return torch.mps.synchronize if device.type == "mps" else lambda: None


def _trainer(config: Config, *, own: bool) -> pl.Trainer:
    """Knows the device and the precision of a trial."""
    with TemporaryDirectory() as folder:
        return trainer({**config, "logger": None}, own=own, callbacks=(), folder=Path(folder))


def _example(built: nn.Module, config: Config) -> Tensor | None:
    """One example, shape (1, *inputs)."""
    inputs = built.example_input_array if isinstance(built, pl.LightningModule) else source(config).pool.inputs
    return inputs[:1].clone() if isinstance(inputs, Tensor) else None


def _tried(measured: Callable[[], Measured]) -> Measured | None:
    """A network that fails here, out of memory for one, fails in its trials and is recorded there."""
    try:
        return measured()
    except Exception:
        return None
