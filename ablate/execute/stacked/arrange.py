"""Which of a study's trials train as one, how many at a time, and why the others train alone."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch

from ablate.config.spec import Config
from ablate.errors import AblateError
from ablate.execute.blame import blamed
from ablate.execute.provenance import own_modules_first
from ablate.execute.quiet import guest
from ablate.execute.settings import TrainerSettings, trainer_settings
from ablate.execute.size import flops, parameters
from ablate.execute.stacked.member import Member
from ablate.execute.stacked.rehearsal import rehearse
from ablate.execute.stacked.unstackable import Unstackable
from ablate.plan.bundle import Bundle, bundles
from ablate.plan.trial import Trial

LEAST, WIDTH = 3, 20
"""Trials that are worth a stack, and its members at most: two gain nothing, and from twenty on there is little more."""

STEP_FLOPS, PARAMETERS = 100_000_000, 200_000
"""What a member's step may compute at most, and how many parameters it may have.

Beyond either a processor's core is busy with one network, and stacks of any width were slower than their members, one
after the other (tests/benchmarks/stacked.py).
"""

DATA_BYTES = 1 << 30
"""Bytes of the members' data, together: what one worker's stack may hold of them."""

BACKWARD = 3
"""A step computes three forward passes: one, and two for the gradients of weights and inputs."""

SAME_FOR_ALL = ("limit_train_batches", "limit_val_batches", "limit_test_batches", "check_val_every_n_epoch")
"""Arguments of Lightning's Trainer that do the same to a stack as to each of its members."""


def arrange(planned: Iterable[Trial], missing: Iterable[Trial], *, workers: int) -> tuple[Bundle, ...]:
    """Bundles of the missing trials, in the order of their first ones.

    Whether a trial is stacked follows from the whole plan, so that what is there already changes no number: a trial
    whose like are all there is a stack of one.

    Args:
        planned: The whole study.
        missing: Those of it that are to be trained.
        workers: Jobs that the engine trains at a time: there is a bundle for each, if there are trials enough.

    Raises:
        AblateError: a network or its data cannot be built.
    """
    place = {trial.id: index for index, trial in enumerate(missing)}
    alone: list[Bundle] = []
    stacks: list[tuple[Trial, ...]] = []
    own_modules_first()
    with blamed(), guest(threads=1):
        for candidate in bundles(planned):
            left = tuple(trial for trial in candidate.trials if trial.id in place)
            if not left:
                continue
            found = judge(candidate.trials)
            if found.reason:
                alone += [Bundle(trials=(trial,), reason=found.reason) for trial in left]
            else:
                stacks += _cut(left, -(-len(left) // found.width))
    while stacks and len(stacks) + len(alone) < workers and (largest := max(stacks, key=len))[1:]:
        stacks.remove(largest)
        stacks += _cut(largest, 2)
    made = [*alone, *(Bundle(trials=trials, stacked=True) for trials in stacks)]
    return tuple(sorted(made, key=lambda bundle: place[bundle.trials[0].id]))


def _cut(trials: tuple[Trial, ...], pieces: int) -> Iterator[tuple[Trial, ...]]:
    """Pieces of nearly equal length."""
    ends = [len(trials) * k // pieces for k in range(pieces + 1)]
    return (trials[start:end] for start, end in pairwise(ends))


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """Why trials that differ only in what could be stacked train alone, or how many of them train as one at most."""

    reason: str = ""
    """Empty: they are stacked."""
    width: int = WIDTH


def judge(candidates: Sequence[Trial]) -> Judgement:
    """Looks at the first of the trials, and rehearses the first and the last.

    Raises:
        AblateError: a network or its data cannot be built.
    """
    if len(candidates) < LEAST:
        return Judgement(reason=f"fewer than {LEAST} trials differ only in what can be stacked")
    config = candidates[0].config
    try:
        _check_settings(config, trainer_settings(config))
        first = Member.of(candidates[0].config, candidates[0].streams)
        _check_size(first)
        width = min(WIDTH, DATA_BYTES // first.data_bytes)
        if width < LEAST:
            raise Unstackable(f"its data of {first.data_bytes / 1e9:.1g} GB leave no room for others' beside them")
        rehearse([first, Member.of(candidates[-1].config, candidates[-1].streams)])
    except Unstackable as error:
        return Judgement(reason=str(error))
    except AblateError:
        raise
    except (Exception, SystemExit) as error:  # whatever torch says of an operation that it cannot stack
        return Judgement(reason=f"torch cannot stack it: {_first_sentence(error)}")
    return Judgement(width=width)


def _check_settings(config: Config, settings: TrainerSettings) -> None:
    if config.get("logger"):
        raise Unstackable("a logger follows one trial at a time")
    if settings.precision not in ("32-true", "64-true"):
        raise Unstackable(f"with trainer.precision={settings.precision} a stack rounds otherwise than its members")
    if settings.matmul_precision != "highest":
        raise Unstackable(
            f"with trainer.matmul_precision={settings.matmul_precision} a stack may round otherwise than its members"
        )
    if settings.channels_last:
        raise Unstackable("trainer.channels_last lays out the images of one network at a time")
    for name in settings.lightning:
        if name not in SAME_FOR_ALL:
            raise Unstackable(f"trainer.lightning.{name} may do something else to a stack than to a trial")
    if settings.accelerator != "cpu" and (settings.accelerator != "auto" or torch.accelerator.is_available()):
        raise Unstackable("stacks are for CPUs: on an accelerator they have not been measured")


def _check_size(member: Member) -> None:
    count, of_one = parameters(member.fit.network), flops(member.fit.network, member.fit.probe)
    assert of_one is not None
    if count > PARAMETERS:
        raise Unstackable(f"{count:,} parameters keep a core busy: stacks are for up to {PARAMETERS:,}")
    of_step = BACKWARD * of_one * member.chunks.batch_size
    if of_step > STEP_FLOPS:
        raise Unstackable(
            f"a step of {of_step / 1e6:.0f} MFLOPs keeps a core busy: stacks are for up to {STEP_FLOPS / 1e6:.0f}"
        )


def _first_sentence(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text.partition(". ")[0][:160].rstrip(".")
