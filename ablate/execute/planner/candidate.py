"""Trials that differ only in what can be stacked: whether they are, how many at a time, and what they take."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

import ablate
from ablate.config.group import Group
from ablate.config.trainer import TrainerGroup, TrainerSettings
from ablate.config.trial import TrialConfig
from ablate.errors import AblateError
from ablate.execute.planner.timing_cache import WORTHWHILE, MeasuredPaces
from ablate.execute.process import hardware
from ablate.execute.process.isolation import silence
from ablate.execute.stack.unstackable import Unstackable
from ablate.execute.targets.sources import is_digested
from ablate.execute.train.batches import TrainingChunks
from ablate.execute.train.provenance import source_digest
from ablate.plan.trial import Trial
from ablate.store.timings import Look, Overhead, Pace, family

LEAST = 3
"""Trials that are worth a stack."""

BACKWARD = 3
"""A step computes three forward passes: one, and two for the gradients of weights and inputs."""

UPDATE = 16
"""Operations of an optimizer for each parameter, about; and bytes: weight, gradient, and Adam's two means."""

MEMBER = 0.25
"""Of what Lightning takes for an epoch, what a further member of a stack adds: its metrics are its own."""

SAME_FOR_ALL = ("limit_train_batches", "limit_val_batches", "limit_test_batches", "check_val_every_n_epoch")
"""Arguments of Lightning's Trainer that do the same to a stack as to each of its members."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """What is to be done with trials that differ only in what can be stacked.

    `reason`: why they train alone; empty: they are stacked, `width` at a time at most, with `matrices` as of
    a bundle. `bytes`: of one trial while it
    trains; None where nobody knows.
    """

    trials: tuple[Trial, ...]
    reason: str = ""
    width: int = 1
    matrices: bool = False
    bytes: int | None = None
    costs: "Costs | None" = None

    def seconds(self, members: int) -> float | None:
        """What so many of the trials take as one fit; None where nobody knows."""
        return None if self.costs is None else self.costs.seconds(members)


@dataclass(frozen=True, kw_only=True)
class Costs:
    """What fits of some trials take. `steps`: of an epoch; `val`, `test`: examples that are evaluated."""

    pace: Pace
    overhead: Overhead
    epochs: int
    steps: int
    val: int
    test: int

    def seconds(self, members: int) -> float:
        """What one fit of so many takes."""
        of_epoch = self.overhead.epoch * (1 + MEMBER * (members - 1))
        each = self.steps * of_member(self.pace, members) + self.val * self.pace.example
        alone = self.overhead.fit + self.pace.build + self.epochs * each + self.test * self.pace.example
        return self.epochs * of_epoch + members * alone


class Candidates:
    """Looks at candidates, one after the other; at what they share, once, and never at what it has kept a look of."""

    def __init__(self, paces: MeasuredPaces, *, threads: int) -> None:
        self._paces = paces
        self._threads = threads
        self._looks: dict[str, Look] = {}
        self._devices: dict[TrainerGroup, torch.device] = {}
        self._digests: dict[frozenset[str], str] = {}
        self._rehearsed: dict[str, str] = {}

    def judged(self, trials: Sequence[Trial], *, lone: str = "") -> Candidate:
        """What is to be done with these trials.

        Args:
            trials: Of one bundle of `ablate.plan.bundle.bundles`.
            lone: Why they train alone anyway.

        Raises:
            AblateError: a network or its data cannot be built.
        """
        trials, first = tuple(trials), trials[0]
        look = self._look(first)
        if look.own:
            return Candidate(trials=trials, reason=lone or "a LightningModule of one's own takes its own steps")
        reason, width, found, costs = lone, 1, None, None
        try:
            if not reason:
                _check(trials, first.config.trainer.settings)
                found = self._pace(first, look, stacked=True)
                costs = self._timed(first, look, found)
                width = _width(found, costs, len(trials))
                self._rehearse(trials, matrices=found.matrices)
        except Unstackable as error:
            reason = str(error)
        except AblateError:
            raise
        except (Exception, SystemExit) as error:  # whatever torch says of an operation that it cannot stack
            reason = f"torch cannot stack it: {_first_sentence(error)}"
        return Candidate(
            trials=trials,
            reason=reason,
            width=1 if reason else width,
            matrices=found is not None and found.matrices and not reason,
            bytes=int(look.data_bytes + look.example_bytes * _batch(first, look) + UPDATE * look.parameters),
            costs=self._timed(first, look, found) if found is None else costs,
        )

    def device(self, config: TrialConfig) -> torch.device:
        """Where a trial of this configuration trains."""
        settings = config.trainer.settings
        if settings.accelerator == "cpu" or (settings.accelerator == "auto" and not torch.accelerator.is_available()):
            return torch.device("cpu")
        if config.trainer not in self._devices:
            from ablate.execute.train.trainer import trainer

            with TemporaryDirectory() as folder:
                made = trainer(config.with_groups(logger=None), own=False, callbacks=(), folder=Path(folder))
            self._devices[config.trainer] = made.strategy.root_device
        return self._devices[config.trainer]

    def _look(self, trial: Trial) -> Look:
        key = self._key(trial.config)
        if key not in self._looks:
            self._looks[key] = self._paces.looks.get(key) or self._new_look(trial)
            if _is_known(trial.config):
                self._paces.keep_look(key, self._looks[key])
        return self._looks[key]

    def _new_look(self, trial: Trial) -> Look:
        from ablate.execute.planner.profile import look

        silence()
        return look(trial, hardware=self._hardware(trial.config), threads=self._threads)

    def _pace(self, trial: Trial, look: Look, *, stacked: bool) -> Pace:
        work = float(BACKWARD * look.flops * _batch(trial, look) + UPDATE * look.parameters)

        def measure() -> Pace:
            from ablate.execute.planner.profile import pace_of

            silence()
            return pace_of(trial, device=self.device(trial.config), work=work, stacked=stacked)

        return self._paces.at(family({**look.family, "stacked": str(stacked)}), work, measure)

    def _timed(self, trial: Trial, look: Look, found: Pace | None) -> Costs | None:
        """None where its steps fail: they fail in the trial, too, and are recorded there."""
        try:
            return self._costs(trial, look, found or self._pace(trial, look, stacked=False))
        except AblateError:
            raise
        except (Exception, SystemExit):
            return None

    def _costs(self, trial: Trial, look: Look, found: Pace) -> Costs:
        settings = trial.config.trainer.settings

        def measure() -> Overhead:
            from ablate.execute.planner.overhead import overhead

            silence()
            return overhead(trial, found)

        moments = len(settings.moments)
        where = f"{self._hardware(trial.config)}, {self._threads} threads, diagnostics at {moments} moments"
        steps = TrainingChunks(
            examples=look.train, batch_size=_batch(trial, look), seed=0, limit=settings.limit_train_batches
        ).steps
        return Costs(
            pace=found,
            overhead=self._paces.overhead(where, measure),
            epochs=settings.max_epochs,
            steps=steps,
            val=look.val,
            test=look.test,
        )

    def _rehearse(self, trials: Sequence[Trial], *, matrices: bool) -> None:
        """Rehearses the first of the trials and the last, unless the like of them have been.

        What is kept of it holds for their own settings of what can be stacked: with others a network may be another.
        """
        ends = (trials[0], trials[-1])
        parts = (self._key(ends[0].config), *(group.identity_text for t in ends for group in _uncounted(t.config)))
        key = hashlib.sha256("\n".join((*parts, str(matrices))).encode()).hexdigest()[:16]
        if key not in self._rehearsed and key in self._paces.rehearsals:
            self._rehearsed[key] = self._paces.rehearsals[key]
        if key not in self._rehearsed:
            from ablate.execute.stack.member import Member
            from ablate.execute.stack.verification import rehearse

            silence()
            try:
                rehearse([Member.of(trial.config, trial.streams) for trial in ends], matrices=matrices)
                reason = ""
            except Unstackable as error:
                reason = str(error)
            self._rehearsed[key] = reason
            if _is_known(trials[0].config):
                self._paces.keep_rehearsal(key, reason)
        if reason := self._rehearsed[key]:
            raise Unstackable(reason)

    def _key(self, config: TrialConfig) -> str:
        """What a look follows from: all but what can be stacked, batch size and epochs, and the code, ours among it."""
        if config.targets not in self._digests:
            self._digests[config.targets] = source_digest(config)
        parts = (
            *(group.stack_text for group in _uncounted(config)),
            *(self._digests[config.targets], self._hardware(config), str(self._threads)),
            *(ablate.__version__, _our_code()),
        )
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

    def _hardware(self, config: TrialConfig) -> str:
        device = self.device(config)
        return "cpu" if device.type == "cpu" else hardware.name(device)


def of_member(found: Pace, members: int) -> float:
    """Seconds of a step of a stack of so many, for each of them: between those of the widths that were tried."""
    widths = {1: found.step, **found.stacked}
    return float(np.interp(members, list(widths), list(widths.values())))


def _width(found: Pace, costs: Costs | None, count: int) -> int:
    """How many of `count` trials train as one: what a fit takes beside its steps is shared by its members, too.

    Raises:
        Unstackable: a stack of no width saves anything.
    """

    def each(members: int) -> float:
        return of_member(found, members) if costs is None else costs.seconds(members) / members

    most = max(found.stacked, default=1)
    pieces = range(-(-count // most), count)
    best = min((-(-count // p) for p in pieces), key=each, default=1)
    if each(best) > WORTHWHILE * each(1):
        raise Unstackable(
            f"its steps keep the machine busy: stacked, its trials take less than {1 - WORTHWHILE:.0%} off"
        )
    return best


def _check(trials: Sequence[Trial], settings: TrainerSettings) -> None:
    """What the configuration says of stacking.

    Raises:
        Unstackable: it rules it out.
    """
    if len(trials) < LEAST:
        raise Unstackable(f"fewer than {LEAST} trials differ only in what can be stacked")
    if trials[0].config.logger.content:
        raise Unstackable("a logger follows one trial at a time")
    if settings.precision not in ("32-true", "64-true"):
        raise Unstackable(f"with trainer.precision={settings.precision} a stack rounds otherwise than its members")
    if settings.channels_last:
        raise Unstackable("trainer.channels_last lays out the images of one network at a time")
    for name in settings.lightning:
        if name not in SAME_FOR_ALL:
            raise Unstackable(f"trainer.lightning.{name} may do something else to a stack than to a trial")


def _batch(trial: Trial, look: Look) -> int:
    return min(trial.config.data.description.batch_size, look.train)


_COUNTS = ("batch_size", "max_epochs")
_VERSIONED = ("torch", "torchmetrics", "torchvision")
"""Packages whose version is known of all that is kept."""


@cache
def _our_code() -> str:
    """A digest of what rehearses: what is kept of another ablate's looks is not looked at."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parents[1].rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _uncounted(config: TrialConfig) -> tuple[Group, ...]:
    """What decides what a trial is, without batch size and epochs."""
    return tuple(g.without(*_COUNTS) if g.name in ("data", "trainer") else g for g in config.trained)


def _is_known(config: TrialConfig) -> bool:
    """Whether all the code of a trial is in its sources' digest, or of a known version: what is seen may be kept."""
    roots = {target.partition(".")[0] for target in config.targets}
    return all(is_digested(root) or root in _VERSIONED for root in roots)


def _first_sentence(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text.partition(". ")[0][:160].rstrip(".")
