"""Trials that differ only in what can be stacked: whether they are, how many at a time, and what they take."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from ablate.config.spec import Config
from ablate.errors import AblateError
from ablate.execute import machine
from ablate.execute.activation_memory import activation_bytes
from ablate.execute.chunks import TrainingChunks
from ablate.execute.dataset import described
from ablate.execute.fit import Fit, prepare
from ablate.execute.module import TrialModule
from ablate.execute.planner.overhead import overhead
from ablate.execute.planner.pace import WORTHWHILE, pace
from ablate.execute.planner.paces import MeasuredPaces
from ablate.execute.settings import TrainerSettings, trainer_settings
from ablate.execute.size import flops, parameters
from ablate.execute.stacked.member import Member
from ablate.execute.stacked.rehearsal import rehearse
from ablate.execute.stacked.unstackable import Unstackable
from ablate.execute.trainer import trainer
from ablate.plan.bundle import shared
from ablate.plan.trial import Trial
from ablate.store.paces import Overhead, Pace, family

LEAST = 3
"""Trials that are worth a stack."""

BACKWARD = 3
"""A step computes three forward passes: one, and two for the gradients of weights and inputs."""

UPDATE = 16
"""Operations of an optimizer for each parameter, about."""

MEMBER = 0.25
"""Of what Lightning takes for an epoch, what a further member of a stack adds: its metrics are its own."""

SAME_FOR_ALL = ("limit_train_batches", "limit_val_batches", "limit_test_batches", "check_val_every_n_epoch")
"""Arguments of Lightning's Trainer that do the same to a stack as to each of its members."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """What is to be done with trials that differ only in what can be stacked.

    `reason`: why they train alone; empty: they are stacked, `width` at a time at most. `bytes`: of one trial while it
    trains; None where nobody knows.
    """

    trials: tuple[Trial, ...]
    reason: str = ""
    width: int = 1
    bytes: int | None = None
    costs: "_Costs | None" = None

    def seconds(self, members: int) -> float | None:
        """What so many of the trials take as one fit; None where nobody knows."""
        return None if self.costs is None else self.costs.seconds(members)


@dataclass(frozen=True, kw_only=True)
class _Costs:
    """What a fit of these trials takes."""

    pace: Pace
    overhead: Overhead
    epochs: int
    steps: int
    val: int
    test: int

    def seconds(self, members: int) -> float:
        of_epoch = self.overhead.epoch * (1 + MEMBER * (members - 1))
        each = self.steps * of_member(self.pace, members) + self.val * self.pace.example
        alone = self.pace.build + self.epochs * each + self.test * self.pace.example
        return self.overhead.fit + self.epochs * of_epoch + members * alone


@dataclass(frozen=True, kw_only=True)
class _Look:
    """What trials have in common that differ in what can be stacked, in batch size and in epochs."""

    own: bool
    name: Mapping[str, str]
    """Of their family."""
    device: torch.device
    train: int = 0
    val: int = 0
    test: int = 0
    parameters: int = 0
    flops: int = 0
    """Of one example's forward pass."""
    data_bytes: int = 0
    example_bytes: float = 0.0
    """Kept of an example for the backward pass."""


class Candidates:
    """Looks at candidates, one after the other; at what they share, once."""

    def __init__(self, paces: MeasuredPaces, *, threads: int) -> None:
        self._paces = paces
        self._threads = threads
        self._looks: dict[str, _Look] = {}
        self._devices: dict[str, torch.device] = {}
        self._rehearsed: dict[str, str] = {}

    def judged(self, trials: Sequence[Trial], *, lone: str = "") -> Candidate:
        """What is to be done with these trials.

        Args:
            trials: Of one bundle of `ablate.plan.bundle.bundles`.
            lone: Why they train alone anyway.

        Raises:
            AblateError: a network or its data cannot be built.
        """
        config, settings = trials[0].config, trainer_settings(trials[0].config)
        look = self._look(trials[0])
        if look.own:
            return Candidate(trials=tuple(trials), reason=lone or "a LightningModule of one's own takes its own steps")
        steps = TrainingChunks(
            examples=look.train, batch_size=_batch(config), seed=0, limit=settings.limit_train_batches
        ).steps
        reason, found = lone, None
        try:
            if not reason:
                _check(trials, config, settings)
                found = self._pace(trials[0], look, stacked=True)
                width = _width(found, len(trials))
                self._rehearse(trials)
                return self._candidate(trials, found, look, settings, steps, width=width)
        except Unstackable as error:
            reason = str(error)
        except AblateError:
            raise
        except (Exception, SystemExit) as error:  # whatever torch says of an operation that it cannot stack
            reason = f"torch cannot stack it: {_first_sentence(error)}"
        found = found or self._pace(trials[0], look, stacked=False)
        return self._candidate(trials, found, look, settings, steps, reason=reason)

    def device(self, config: Config) -> torch.device:
        """Where a trial of this configuration trains."""
        settings = trainer_settings(config)
        if settings.accelerator == "cpu" or (settings.accelerator == "auto" and not torch.accelerator.is_available()):
            return torch.device("cpu")
        key = json.dumps(config["trainer"], sort_keys=True, default=str)
        if key not in self._devices:
            with TemporaryDirectory() as folder:
                made = trainer({**config, "logger": None}, own=False, callbacks=(), folder=Path(folder))
            self._devices[key] = made.strategy.root_device
        return self._devices[key]

    def _candidate(
        self,
        trials: Sequence[Trial],
        found: Pace,
        look: _Look,
        settings: TrainerSettings,
        steps: int,
        *,
        width: int = 1,
        reason: str = "",
    ) -> Candidate:
        kept = look.example_bytes * min(_batch(trials[0].config), look.train)
        of_lightning = self._paces.overhead(
            f"{_hardware(look.device)}, {self._threads} threads", lambda: overhead(trials[0], found)
        )
        return Candidate(
            trials=tuple(trials),
            reason=reason,
            width=width,
            bytes=int(look.data_bytes + kept + UPDATE * look.parameters),
            costs=_Costs(
                pace=found,
                overhead=of_lightning,
                epochs=settings.max_epochs,
                steps=steps,
                val=look.val,
                test=look.test,
            ),
        )

    def _look(self, trial: Trial) -> _Look:
        key = _common(trial.config)
        if key not in self._looks:
            fit, device = prepare(trial.config, trial.streams), self.device(trial.config)
            self._looks[key] = self._looked(trial, fit, device)
        return self._looks[key]

    def _looked(self, trial: Trial, fit: Fit, device: torch.device) -> _Look:
        leaves = [part for part in fit.network.modules() if not any(part.children())]
        name = {
            "device": _hardware(device),
            "threads": str(self._threads),
            "precision": str(trial.config["trainer"]["precision"]),
            "optimizer": str((trial.config.get("optimizer") or {}).get("_target_")),
            "model": str(trial.config["model"]["_target_"]),
            "layers": ", ".join(sorted({type(leaf).__name__ for leaf in leaves})),
        }
        if not isinstance(fit.module, TrialModule):
            return _Look(own=True, name=name, device=device)
        inputs = cast(Tensor, fit.module.train_inputs)
        batch = min(_batch(trial.config), len(inputs))
        return _Look(
            own=False,
            name=name,
            device=device,
            train=fit.examples["train"],
            val=fit.examples["val"],
            test=fit.examples["test"],
            parameters=parameters(fit.network),
            flops=flops(fit.network, fit.probe) or 0,
            data_bytes=sum(buffer.nbytes for buffer in fit.module.buffers(recurse=False)),
            example_bytes=_kept(fit.network, inputs[:batch]) / batch,
        )

    def _pace(self, trial: Trial, look: _Look, *, stacked: bool) -> Pace:
        batch = min(_batch(trial.config), look.train)
        work = float(BACKWARD * look.flops * batch + UPDATE * look.parameters)

        def measure() -> Pace:
            began = time.perf_counter()
            fit = prepare(trial.config, trial.streams)
            build = time.perf_counter() - began
            module = cast(TrialModule, fit.module)
            member = Member.of(trial.config, trial.streams, fit=fit) if stacked else None
            steps = next(iter(cast(TrainingChunks, fit.data["train_dataloaders"])))
            return pace(module, member, steps=steps, device=look.device, work=work, build=build)

        return self._paces.at(family({**look.name, "stacked": str(stacked)}), work, measure)

    def _rehearse(self, trials: Sequence[Trial]) -> None:
        """Rehearses the first of the trials and the last, unless the like of them have been."""
        key = _common(trials[0].config)
        if key not in self._rehearsed:
            try:
                rehearse([Member.of(trial.config, trial.streams) for trial in (trials[0], trials[-1])])
                self._rehearsed[key] = ""
            except Unstackable as error:
                self._rehearsed[key] = str(error)
        if self._rehearsed[key]:
            raise Unstackable(self._rehearsed[key])


def of_member(found: Pace, members: int) -> float:
    """Seconds of a step of a stack of so many, for each of them: between those of the widths that were tried."""
    widths = {1: found.step, **found.stacked}
    return float(np.interp(members, list(widths), list(widths.values())))


def _width(found: Pace, count: int) -> int:
    """How many of `count` trials train as one.

    Raises:
        Unstackable: a stack of no width saves anything.
    """
    most = max(found.stacked, default=1)
    pieces = range(-(-count // most), count)
    best = min((-(-count // p) for p in pieces), key=lambda width: of_member(found, width), default=1)
    if of_member(found, best) > WORTHWHILE * found.step:
        raise Unstackable(f"its steps keep the machine busy: stacked, they take less than {1 - WORTHWHILE:.0%} off")
    return best


def _check(trials: Sequence[Trial], config: Config, settings: TrainerSettings) -> None:
    """What the configuration says of stacking.

    Raises:
        Unstackable: it rules it out.
    """
    if len(trials) < LEAST:
        raise Unstackable(f"fewer than {LEAST} trials differ only in what can be stacked")
    if config.get("logger"):
        raise Unstackable("a logger follows one trial at a time")
    if settings.precision not in ("32-true", "64-true"):
        raise Unstackable(f"with trainer.precision={settings.precision} a stack rounds otherwise than its members")
    for name in settings.lightning:
        if name not in SAME_FOR_ALL:
            raise Unstackable(f"trainer.lightning.{name} may do something else to a stack than to a trial")


def _batch(config: Config) -> int:
    return described(config).batch_size


def _common(config: Config) -> str:
    """What a look at trials follows from: all but what can be stacked, batch size and epochs."""
    data, training = ({k: v for k, v in config[g].items() if k not in _COUNTS} for g in ("data", "trainer"))
    return shared({**config, "data": data, "trainer": training})


_COUNTS = ("batch_size", "max_epochs")


def _kept(network: nn.Module, inputs: Tensor) -> int:
    try:
        return activation_bytes(network, inputs)
    except Exception:  # what fails here fails in its trial, and is recorded there
        return 0


def _hardware(device: torch.device) -> str:
    return "cpu" if device.type == "cpu" else machine.name(device)


def _first_sentence(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text.partition(". ")[0][:160].rstrip(".")
