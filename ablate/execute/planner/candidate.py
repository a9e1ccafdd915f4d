"""Trials that differ only in what can be stacked: whether they are stacked, how many at a time, and for how long."""

import hashlib
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch

import ablate
from ablate.config.group import Group
from ablate.config.trainer import TrainerGroup, TrainerSettings
from ablate.config.trial import TrialConfig
from ablate.errors import AblateError
from ablate.execute.planner.memory import stack_bytes
from ablate.execute.planner.timing_cache import MAX_STACKED_SHARE, TimingCache
from ablate.execute.planner.widths import widths_on
from ablate.execute.process import hardware
from ablate.execute.process.isolation import silence
from ablate.execute.process.socket_directory import temporary_directory
from ablate.execute.stack.unstackable import Unstackable
from ablate.execute.targets.sources import is_digested
from ablate.execute.train.batches import EVALUATION_BATCH_SIZE, TrainingChunks
from ablate.execute.train.provenance import source_digest
from ablate.plan.trial import Trial
from ablate.store.timings import Overhead, Profile, StepTiming, family

MIN_STACK = 3
"""Fewest trials that are stacked."""

FORWARD_PASSES_PER_STEP = 3
"""Work of a step in forward passes: one forward, and two for the gradients of weights and inputs."""

UPDATE_FLOPS_PER_PARAMETER = 16
"""Operations of an optimizer, approximately."""

TRAINING_BYTES_PER_PARAMETER = 16
"""The weight, its gradient, and Adam's two means, in single precision."""

HOST_BYTES_PER_PARAMETER = 8
"""Of main memory, of a network that trains on a GPU: it is built there, and a stack of it is a copy."""

MEMBER_EPOCH_SHARE = 0.25
"""What each further member adds to a stack's overhead per epoch, as a share of it: its metrics are computed apart."""

SAME_FOR_ALL = ("limit_train_batches", "limit_val_batches", "limit_test_batches", "check_val_every_n_epoch")
"""Arguments of Lightning's Trainer that act on a stack as on each of its members."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """How trials that differ only in what can be stacked are to be trained.

    `reason`: why they train alone; empty: they are stacked, at most `width` at a time, with `conv_as_matmul` as in a
    bundle. `bytes`: memory of one trial in training; None: unknown. `host_bytes`: what it takes of the main memory
    where it trains on a GPU: its examples and parameters, which are built there. `example_bytes`: what its examples
    take of either; `splits`: how many different sets of examples the trials have.
    """

    trials: tuple[Trial, ...]
    reason: str = ""
    width: int = 1
    conv_as_matmul: bool = False
    bytes: int | None = None
    host_bytes: int = 0
    example_bytes: int = 0
    splits: int = 1
    costs: "Costs | None" = None
    is_on_gpu: bool = False
    family: str = ""
    """Of networks, as in the cache of timings."""

    def seconds(self, members: int) -> float | None:
        """Duration of one fit of that number of the trials; None: unknown."""
        return None if self.costs is None else self.costs.seconds(members)

    def memory(self, members: int, *, kept: int = 0) -> int:
        """Bytes of one fit of so many of the trials where they train; 0: unknown. `kept`: as for `stack_bytes`."""
        return 0 if self.bytes is None else self._memory(self.bytes, members, kept)

    def host_memory(self, members: int, *, kept: int = 0) -> int:
        """The same of the main memory, where they train on a GPU."""
        return self._memory(self.host_bytes, members, kept)

    def width_in(self, room: int, *, kept: int = 0) -> int:
        """How many of the trials fit into so much memory as one stack: at least one, `width` at most."""
        if self.memory(self.width, kept=kept) <= room:
            return self.width
        return max(1, bisect_right(range(1, self.width), room, key=lambda count: self.memory(count, kept=kept)))

    def _memory(self, one: int, members: int, kept: int) -> int:
        return stack_bytes(
            one - self.example_bytes, examples=self.example_bytes, splits=self.splits, members=members, kept=kept
        )


@dataclass(frozen=True, kw_only=True)
class Costs:
    """What the duration of a fit is computed from.

    `steps`: per epoch; `val`, `test`: examples that are evaluated; `evaluations`: batches of them, in all epochs.
    """

    timing: StepTiming
    overhead: Overhead
    epochs: int
    steps: float
    val: int
    test: int
    evaluations: int = 0

    def seconds(self, members: int) -> float:
        """Duration of one fit of that number of trials."""
        per_epoch = self.overhead.epoch * (1 + MEMBER_EPOCH_SHARE * (members - 1))
        member_epoch = self.steps * member_step_s(self.timing, members) + self.val * self.timing.example
        test = self.test * self.timing.example
        per_member = self.overhead.fit + self.timing.build + self.epochs * member_epoch + test
        return self.epochs * per_epoch + members * per_member + self.evaluations * self.timing.evaluation

    def step_seconds(self, members: int) -> float:
        """Of these, what the steps and evaluations take: on a GPU, it computes meanwhile."""
        steps = self.epochs * self.steps * member_step_s(self.timing, members)
        examples = (self.epochs * self.val + self.test) * self.timing.example
        return members * (steps + examples) + self.evaluations * self.timing.evaluation


class Candidates:
    """Examines candidates one after the other. What they share, and what the cache has, is measured once."""

    def __init__(self, cache: TimingCache, *, threads: int) -> None:
        self._cache = cache
        self._threads = threads
        self._profiles: dict[str, Profile] = {}
        self._devices: dict[TrainerGroup, torch.device] = {}
        self._digests: dict[frozenset[str], str] = {}
        self._verified: dict[str, str] = {}

    def examine(self, trials: Sequence[Trial], *, reason: str = "") -> Candidate:
        """Decides how these trials are to be trained.

        Args:
            trials: Of one bundle of `ablate.plan.bundle.bundles`.
            reason: Why they train alone, if that is decided already.

        Raises:
            AblateError: a network or its data cannot be built.
        """
        trials, first = tuple(trials), trials[0]
        profile = self._profile(first)
        is_on_gpu = self.device(first.config).type != "cpu"
        if profile.user_defined:
            reason = reason or "a user-defined LightningModule takes its own steps"
            return Candidate(trials=trials, reason=reason, is_on_gpu=is_on_gpu)
        width, timing, costs = 1, None, None
        try:
            if not reason:
                _check(trials, first.config.trainer.settings)
                timing = self._timing(first, profile, count=len(trials))
                costs = self._costs_or_none(first, profile, timing)
                width = _width(timing, costs, len(trials))
                self._verify(trials, conv_as_matmul=timing.conv_as_matmul)
        except Unstackable as error:
            reason = str(error)
        except AblateError:
            raise
        except (Exception, SystemExit) as error:  # whatever torch raises for an operation that it cannot stack
            reason = f"torch cannot stack it: {_first_sentence(error)}"
        return Candidate(
            trials=trials,
            reason=reason,
            width=1 if reason else width,
            conv_as_matmul=timing is not None and timing.conv_as_matmul and not reason,
            bytes=int(
                profile.data_bytes
                + profile.example_bytes * _batch(first, profile)
                + TRAINING_BYTES_PER_PARAMETER * profile.parameters
            ),
            example_bytes=profile.data_bytes,
            splits=len({trial.streams.split for trial in trials}),
            host_bytes=profile.data_bytes + HOST_BYTES_PER_PARAMETER * profile.parameters,
            costs=self._costs_or_none(first, profile, timing) if timing is None else costs,
            is_on_gpu=is_on_gpu,
            family=family(profile.family),
        )

    def device(self, config: TrialConfig) -> torch.device:
        """The device on which a trial of this configuration trains."""
        settings = config.trainer.settings
        if settings.accelerator == "cpu" or (settings.accelerator == "auto" and not torch.accelerator.is_available()):
            return torch.device("cpu")
        if config.trainer not in self._devices:
            from ablate.execute.distributed.devices import on_one_device
            from ablate.execute.train.trainer import trainer

            alone = on_one_device(config).with_groups(logger=None)
            with temporary_directory() as folder:
                made = trainer(alone, user_defined=False, callbacks=(), folder=Path(folder))
            self._devices[config.trainer] = made.strategy.root_device
        return self._devices[config.trainer]

    def _profile(self, trial: Trial) -> Profile:
        key = self._key(trial.config)
        if key not in self._profiles:
            self._profiles[key] = self._cache.profiles.get(key) or self._new_profile(trial)
            if _is_versioned(trial.config):
                self._cache.keep_profile(key, self._profiles[key])
        return self._profiles[key]

    def _new_profile(self, trial: Trial) -> Profile:
        from ablate.execute.planner.profile import profile

        silence()
        return profile(trial, hardware=self._hardware(trial.config), threads=self._threads)

    def _timing(self, trial: Trial, profile: Profile, *, count: int) -> StepTiming:
        """Of a trial, alone and, if `count` is more than 1, in stacks of `count`."""
        forward_passes = FORWARD_PASSES_PER_STEP * profile.flops * _batch(trial, profile)
        work = float(forward_passes + UPDATE_FLOPS_PER_PARAMETER * profile.parameters)
        device = self.device(trial.config)
        widths = widths_on(device, count) if count > 1 else ()
        named = str(bool(widths)) if device.type == "cpu" else f"to {max(widths, default=1)}"

        def measure() -> StepTiming:
            from ablate.execute.planner.profile import step_timing

            silence()
            return step_timing(trial, device=device, work=work, widths=widths)

        return self._cache.step_timing(family({**profile.family, "stacked": named}), work, measure)

    def _costs_or_none(self, trial: Trial, profile: Profile, timing: StepTiming | None) -> Costs | None:
        """None where the trial's steps fail: they fail in its training, too, and are recorded there."""
        try:
            return self._costs(trial, profile, timing or self._timing(trial, profile, count=1))
        except AblateError:
            raise
        except (Exception, SystemExit):
            return None

    def _costs(self, trial: Trial, profile: Profile, timing: StepTiming) -> Costs:
        settings = trial.config.trainer.settings

        def measure() -> Overhead:
            from ablate.execute.planner.overhead import overhead

            silence()
            return overhead(trial, timing)

        moments = len(settings.moments)
        where = f"{self._hardware(trial.config)}, {self._threads} threads, diagnostics at {moments} moments"
        steps = TrainingChunks(
            examples=profile.train, batch_size=_batch(trial, profile), seed=0, limit=settings.limit_train_batches
        ).steps
        return Costs(
            timing=timing,
            overhead=self._cache.overhead(where, measure),
            epochs=settings.epochs(steps),
            steps=settings.steps(steps) / settings.epochs(steps),
            val=profile.val,
            test=profile.test,
            evaluations=settings.epochs(steps) * _batches(profile.val) + _batches(profile.test),
        )

    def _verify(self, trials: Sequence[Trial], *, conv_as_matmul: bool) -> None:
        """Verifies a stack of the first of the trials and the last, unless the cache has it.

        A verification holds for the settings of these two, including those that can be stacked.

        Raises:
            Unstackable: their steps are not the same when they are stacked.
        """
        ends = (trials[0], trials[-1])
        parts = (self._key(ends[0].config), *(group.identity_text for t in ends for group in _uncounted(t.config)))
        key = hashlib.sha256("\n".join((*parts, str(conv_as_matmul))).encode()).hexdigest()[:16]
        if key not in self._verified and key in self._cache.verifications:
            self._verified[key] = self._cache.verifications[key]
        if key not in self._verified:
            from ablate.execute.stack.member import Member
            from ablate.execute.stack.verification import verify

            silence()
            try:
                device = self.device(trials[0].config)
                verify(
                    [Member.of(trial.config, trial.streams) for trial in ends],
                    device=device if device.type == "cuda" else None,  # an Apple GPU has no float64
                    conv_as_matmul=conv_as_matmul,
                )
                reason = ""
            except Unstackable as error:
                reason = str(error)
            self._verified[key] = reason
            if _is_versioned(trials[0].config):
                self._cache.keep_verification(key, reason)
        if reason := self._verified[key]:
            raise Unstackable(reason)

    def _key(self, config: TrialConfig) -> str:
        """Digest of what a profile depends on: code, and settings except stackable ones, batch size and epochs."""
        if config.targets not in self._digests:
            self._digests[config.targets] = source_digest(config)
        parts = (
            *(group.stack_text for group in _uncounted(config)),
            *(self._digests[config.targets], self._hardware(config), str(self._threads)),
            f"{config.data.get('resident_gib')} GiB, {config.data.get('workers')} workers",
            *(ablate.__version__, _our_code()),
        )
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

    def _hardware(self, config: TrialConfig) -> str:
        device = self.device(config)
        return "cpu" if device.type == "cpu" else hardware.name(device)


def member_step_s(timing: StepTiming, members: int) -> float:
    """Seconds of a stack's step divided by its members, interpolated between the widths that were timed."""
    widths = {1: timing.step, **timing.stacked}
    return float(np.interp(members, list(widths), list(widths.values())))


def _width(timing: StepTiming, costs: Costs | None, count: int) -> int:
    """How many of `count` trials to stack: the width with the shortest fit per member.

    Raises:
        Unstackable: no width is worthwhile.
    """

    def each(members: int) -> float:
        return member_step_s(timing, members) if costs is None else costs.seconds(members) / members

    most = max(timing.stacked, default=1)
    pieces = range(-(-count // most), count)
    best = min((-(-count // p) for p in pieces), key=each, default=1)
    if each(best) > MAX_STACKED_SHARE * each(1):
        raise Unstackable(f"its steps keep the machine busy: stacking saves less than {1 - MAX_STACKED_SHARE:.0%}")
    return best


def _check(trials: Sequence[Trial], settings: TrainerSettings) -> None:
    """Checks what the configuration alone decides.

    Raises:
        Unstackable: it rules stacking out.
    """
    if len(trials) < MIN_STACK:
        raise Unstackable(f"fewer than {MIN_STACK} trials differ only in what can be stacked")
    if trials[0].config.logger.content:
        raise Unstackable("a logger records one trial at a time")
    if settings.precision not in ("32-true", "64-true"):
        raise Unstackable(f"with trainer.precision={settings.precision} a stack rounds differently from its members")
    if settings.channels_last:
        raise Unstackable("trainer.channels_last lays out the images of one network at a time")
    for name in settings.lightning:
        if name not in SAME_FOR_ALL:
            raise Unstackable(f"trainer.lightning.{name} may act differently on a stack than on a trial")


def _batch(trial: Trial, profile: Profile) -> int:
    return min(trial.config.data.description.batch_size, profile.train)


def _batches(examples: int) -> int:
    """In which they are evaluated."""
    return -(-examples // EVALUATION_BATCH_SIZE)


_COUNTS = ("batch_size", "max_epochs", "max_steps")
_VERSIONED = ("torch", "torchmetrics", "torchvision")
"""Packages whose versions are part of the cache's name."""


@cache
def _our_code() -> str:
    """A digest of the code that measures and verifies: what other code has kept is not used."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parents[1].rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _uncounted(config: TrialConfig) -> tuple[Group, ...]:
    """What decides what a trial is, without batch size, epochs and steps."""
    return tuple(g.without(*_COUNTS) if g.name in ("data", "trainer") else g for g in config.trained)


def _is_versioned(config: TrialConfig) -> bool:
    """Whether all code of a trial is in the digest of its sources or has a known version: then results may be kept."""
    roots = {target.partition(".")[0] for target in config.targets}
    return all(is_digested(root) or root in _VERSIONED for root in roots)


def _first_sentence(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text.partition(". ")[0][:160].rstrip(".")
