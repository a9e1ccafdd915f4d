"""Measures what the networks of a study cost to run: activation memory and latency, one design point at a time."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar, cast

import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from ablate.config.data import DataGroup
from ablate.config.trainer import TrainerGroup
from ablate.config.trial import TrialConfig
from ablate.data.split import training_examples
from ablate.design.point import DesignPoint
from ablate.execute.examine.activation_memory import activation_bytes
from ablate.execute.examine.latency import latency
from ablate.execute.process import hardware
from ablate.execute.process.isolation import guest
from ablate.execute.train.dataset import examples_text, source
from ablate.execute.train.image_layout import channels_last, image_last
from ablate.execute.train.network import evaluating, is_own_lightning, network
from ablate.execute.train.provenance import own_modules_first
from ablate.execute.train.trainer import trainer
from ablate.store.costs import Cost

Measured = TypeVar("Measured")


def measure(
    points: Sequence[DesignPoint],
    configs: Sequence[TrialConfig],
    *,
    budget_s: float,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[Cost, ...]:
    """Measures design points in their order, on the device and in the precision that they train in, on one thread.

    To be called when nothing else is at work: a latency is of a network alone. What cannot be measured, such as a
    LightningModule without an `example_input_array`, is None; whatever is wrong with a network was said before.

    Args:
        points: Of a study that `examine` has passed.
        configs: Theirs.
        budget_s: Seconds after which no further network is measured.
        clock: In seconds; bounds the time that all of it takes.

    Returns:
        A cost for each point, as far as the time goes. Points that share network, examples and trainer share a latency,
        and those that share the minibatch's size as well share the rest.
    """
    own_modules_first()
    try:
        with guest(threads=1):
            return tuple(_measured(_Meter(), points, configs, until=clock() + budget_s, clock=clock))
    finally:
        hardware.give_back()


def _measured(
    meter: "_Meter",
    points: Sequence[DesignPoint],
    configs: Sequence[TrialConfig],
    *,
    until: float,
    clock: Callable[[], float],
) -> Iterator[Cost]:
    for point, config in zip(points, configs, strict=True):
        if not meter.knows(config) and clock() > until:
            return
        yield replace(meter.cost(config), levels=dict(point.levels))


class _Meter:
    """Measures one configuration after the other; what they share, it measures once."""

    def __init__(self) -> None:
        self._examples_text = cache(examples_text)
        self._costs: dict[tuple[str, DataGroup], Cost] = {}
        self._latencies: dict[str, float | None] = {}
        self._trainers: dict[tuple[bool, TrainerGroup], pl.Trainer] = {}
        self._last: tuple[str, _Subject] | None = None

    def knows(self, config: TrialConfig) -> bool:
        """Whether there is nothing to measure."""
        return self._key(config) in self._costs

    def cost(self, config: TrialConfig) -> Cost:
        """Of no design point yet."""
        key = self._key(config)
        if key not in self._costs:
            name, _ = key
            subject = self._subject(name, config)
            if name not in self._latencies:
                self._latencies[name] = _tried(subject.latency)
            on = hardware.name(subject.device)
            self._costs[key] = Cost(
                levels={},
                latency_seconds=self._latencies[name],
                activation_bytes=_tried(lambda: subject.activation_bytes(_batch(subject.network, config))),
                timed_on=f"one thread of {on}" if subject.device.type == "cpu" else on,
            )
        return self._costs[key]

    def _key(self, config: TrialConfig) -> tuple[str, DataGroup]:
        """What a latency follows from, and what activations follow from, too."""
        network = (config.model.text, self._examples_text(config.data), config.trainer.text)
        return "".join(network), config.data

    def _subject(self, name: str, config: TrialConfig) -> "_Subject":
        """The network; the last one is kept, since neighbours in a design often differ in their training only."""
        if self._last is None or self._last[0] != name:
            self._last = None  # before the next one takes memory
            built = network(config, seed=0)
            key = is_own_lightning(built), config.trainer
            if key not in self._trainers:
                self._trainers[key] = _trainer(config, own=key[0])
            self._last = name, _Subject(built, config, self._trainers[key])
        return self._last[1]


class _Subject:
    """A network with one example, as its trainer has them: on the device, in the precision."""

    def __init__(self, built: nn.Module, config: TrialConfig, trainer: pl.Trainer) -> None:
        self.device, self._precision = trainer.strategy.root_device, trainer.precision_plugin
        example = _example(built, config)
        self.network = cast(nn.Module, self._precision.convert_module(built)).to(self.device)
        self._inputs = None if example is None else self._precision.convert_input(example.to(self.device))
        if self._inputs is not None and config.trainer.settings.channels_last:
            self.network, self._inputs = channels_last(self.network), image_last(cast(Tensor, self._inputs))

    def latency(self) -> float | None:
        """Of the example's forward pass in evaluation, in seconds; None without an example."""
        if self._inputs is None:
            return None

        def forward() -> object:
            with self._precision.forward_context():
                return self.network(self._inputs)

        with evaluating(self.network), torch.no_grad():
            return latency(forward, settle=lambda: hardware.settle(self.device))

    def activation_bytes(self, batch: int | None) -> int | None:
        """Of a minibatch of as many examples; None without an example, or where nobody says how many."""
        if batch is None or self._inputs is None:
            return None
        inputs = cast(Tensor, self._inputs)
        with self._precision.forward_context():
            return activation_bytes(self.network, inputs.repeat(batch, *[1] * (inputs.ndim - 1)))


def _batch(built: nn.Module, config: TrialConfig) -> int | None:
    """Examples of a minibatch: all that there are to train on, where `data.batch_size` is more. None: nobody says."""
    batch = config.data.get("batch_size")
    if not isinstance(batch, int) or isinstance(batch, bool) or batch < 1:
        return None
    return batch if isinstance(built, pl.LightningModule) else min(batch, training_examples(source(config.data)))


def _trainer(config: TrialConfig, *, own: bool) -> pl.Trainer:
    """Knows the device and the precision of a trial."""
    with TemporaryDirectory() as folder:
        return trainer(config.with_groups(logger=None), own=own, callbacks=(), folder=Path(folder))


def _example(built: nn.Module, config: TrialConfig) -> Tensor | None:
    """One example, shape (1, *inputs)."""
    inputs = built.example_input_array if isinstance(built, pl.LightningModule) else source(config.data).pool.inputs
    return inputs[:1].clone() if isinstance(inputs, Tensor) else None


def _tried(measured: Callable[[], Measured]) -> Measured | None:
    """A network that fails here, out of memory for one, fails in its trials and is recorded there."""
    try:
        return measured()
    except Exception:
        return None
