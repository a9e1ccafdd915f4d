"""Measures what the networks of a study cost to run, one design point at a time."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytorch_lightning as pl
from torch import Tensor, nn

from ablate.config.data import DataGroup
from ablate.config.trainer import TrainerGroup
from ablate.config.trial import TrialConfig
from ablate.data.split import training_examples
from ablate.design.point import DesignPoint
from ablate.execute.distributed.devices import on_one_device
from ablate.execute.examine.costs._base import Subject, measures
from ablate.execute.examine.naming import naming
from ablate.execute.process import hardware
from ablate.execute.process.import_path import user_modules_last
from ablate.execute.process.isolation import isolated_process
from ablate.execute.process.socket_directory import temporary_directory
from ablate.execute.targets.lightning_package import is_lightning_module
from ablate.execute.targets.user_errors import as_user_errors
from ablate.execute.train.dataset import examples_text, source
from ablate.execute.train.image_layout import channels_last, image_last
from ablate.execute.train.network import network
from ablate.execute.train.trainer import trainer
from ablate.plan.cost import NETWORK_COSTS, Per
from ablate.store.costs import PointCost

MEASURES = measures()


@user_modules_last()
def measure(
    points: Sequence[DesignPoint],
    configs: Sequence[TrialConfig],
    *,
    budget_s: float,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[PointCost, ...]:
    """Measures design points in their order, on the device and in the precision that they train in, on one thread.

    To be called when nothing else is at work: a latency is of a network alone. What cannot be measured, such as a
    LightningModule without an `example_input_array`, is None; whatever is wrong with a network was said before.

    Args:
        points: Of a study that `examine` has passed.
        configs: Theirs.
        budget_s: Seconds after which no further network is measured.
        clock: In seconds; bounds the time that all of it takes.

    Returns:
        A cost for each point, as far as the time goes. Points that share network, examples and trainer share what is
        measured of an example, and those that share the minibatch's size as well share the rest.
    """
    try:
        with isolated_process(threads=1, repeats_output=False):
            return tuple(_measured(_Meter(), points, configs, until=clock() + budget_s, clock=clock))
    finally:
        hardware.empty_cache()


def _measured(
    meter: "_Meter",
    points: Sequence[DesignPoint],
    configs: Sequence[TrialConfig],
    *,
    until: float,
    clock: Callable[[], float],
) -> Iterator[PointCost]:
    for point, config in zip(points, configs, strict=True):
        if not meter.knows(config) and clock() > until:
            return
        with naming(point), as_user_errors():
            cost = meter.cost(config)
        yield replace(cost, levels=dict(point.levels))


class _Meter:
    """Measures one configuration after the other; what they share, it measures once."""

    def __init__(self) -> None:
        self._examples_text = cache(examples_text)
        self._costs: dict[tuple[str, DataGroup], PointCost] = {}
        self._of_examples: dict[str, dict[str, float | None]] = {}
        self._trainers: dict[tuple[bool, TrainerGroup], pl.Trainer] = {}
        self._last: tuple[str, _Inputs] | None = None

    def knows(self, config: TrialConfig) -> bool:
        """Whether there is nothing to measure."""
        return self._key(config) in self._costs

    def cost(self, config: TrialConfig) -> PointCost:
        """Of no design point yet."""
        key = self._key(config)
        if key not in self._costs:
            name, _ = key
            inputs = self._inputs(name, config)
            if name not in self._of_examples:
                self._of_examples[name] = _measured_per("example", inputs.subject, lambda: inputs.example)
            of_minibatch = _measured_per(
                "minibatch", inputs.subject, lambda: inputs.minibatch(_batch(inputs.subject.network, config))
            )
            device = inputs.subject.device
            on = hardware.name(device)
            self._costs[key] = PointCost(
                levels={},
                timed_on=f"one thread of {on}" if device.type == "cpu" else on,
                **cast(dict[str, Any], self._of_examples[name] | of_minibatch),
            )
        return self._costs[key]

    def _key(self, config: TrialConfig) -> tuple[str, DataGroup]:
        """The key of what a cost of an example depends on, and of what one of a minibatch also depends on."""
        network = (config.model.text, self._examples_text(config.data), config.trainer.text)
        return "".join(network), config.data

    def _inputs(self, name: str, config: TrialConfig) -> "_Inputs":
        """The network; the last one is kept, since neighbours in a design often differ in their training only."""
        if self._last is None or self._last[0] != name:
            self._last = None  # before the next one takes memory
            built = network(config, seed=0)
            key = is_lightning_module(built), config.trainer
            if key not in self._trainers:
                self._trainers[key] = _trainer(config, user_defined=key[0])
            self._last = name, _Inputs(built, config, self._trainers[key])
        return self._last[1]


class _Inputs:
    """A network and its inputs, on the device and in the precision and layout of its trainer."""

    def __init__(self, built: nn.Module, config: TrialConfig, trainer: pl.Trainer) -> None:
        device, precision = trainer.strategy.root_device, trainer.precision_plugin
        example = example_of(built, config)
        network = cast(nn.Module, precision.convert_module(built)).to(device)
        inputs = None if example is None else cast(Tensor, precision.convert_input(example.to(device)))
        if inputs is not None and config.trainer.settings.channels_last:
            network, inputs = channels_last(network), image_last(inputs)
        self.subject = Subject(network=network, device=device, forward_context=precision.forward_context)
        self.example = inputs

    def minibatch(self, batch: int | None) -> Tensor | None:
        """As many examples; None without an example, or without a known batch size."""
        if batch is None or self.example is None:
            return None
        return self.example.repeat(batch, *[1] * (self.example.ndim - 1))


def _measured_per(per: Per, subject: Subject, inputs: Callable[[], Tensor | None]) -> dict[str, float | None]:
    """The costs that are measured of such inputs; None without inputs, and of a network that fails.

    One that fails here, out of memory for one, fails in its trials and is recorded there.
    """
    found: dict[str, float | None] = {}
    for name, measure in MEASURES.items():
        if NETWORK_COSTS[name].per != per:
            continue
        try:
            given = inputs()
            found[name] = None if given is None else measure(subject, given)
        except Exception:
            found[name] = None
    return found


def _batch(built: nn.Module, config: TrialConfig) -> int | None:
    """Examples of a minibatch: all that there are to train on, where `data.batch_size` is more. None: not known."""
    batch = config.data.get("batch_size")
    if not isinstance(batch, int) or isinstance(batch, bool) or batch < 1:
        return None
    return batch if is_lightning_module(built) else min(batch, training_examples(source(config.data)))


def _trainer(config: TrialConfig, *, user_defined: bool) -> pl.Trainer:
    """Knows the device and the precision of a trial."""
    with temporary_directory() as folder:
        config = on_one_device(config).with_groups(logger=None)
        return trainer(config, user_defined=user_defined, callbacks=(), folder=Path(folder))


def example_of(built: nn.Module, config: TrialConfig) -> Tensor | None:
    """One example, shape (1, *inputs); None: a LightningModule without one, or inputs that are no tensor.

    Raises:
        DataError: the data are missing.
    """
    if not is_lightning_module(built):
        return source(config.data).pool.first(1)[0]
    inputs = built.example_input_array
    return inputs[:1].clone() if isinstance(inputs, Tensor) else None
