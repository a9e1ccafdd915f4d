"""How a training ended: complete, diverged, failed or timed out. Importing this module does not import torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ablate.execute.process import hardware
from ablate.store.record import Counts

if TYPE_CHECKING:
    import pytorch_lightning as pl

    from ablate.execute.train.fit import Fit


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The result of a training. The defaults are those of a training that failed."""

    started: str
    """UTC, ISO 8601."""
    error: str | None
    """Why it diverged or failed; None: its loss stayed within its bounds."""
    is_failed: bool = False
    """Whether it failed because of the machine or the code."""
    is_timed_out: bool = False
    """Whether its engine ended it, after `trainer.timeout_min`."""
    responses: Mapping[str, float] = field(default_factory=dict[str, float])
    counts: Counts = field(default_factory=Counts)
    seconds: float = 0.0
    device: str = ""
    """The hardware's name."""
    diagnostics: Mapping[str, Mapping[str, float]] = field(default_factory=dict[str, Mapping[str, float]])
    """Diagnostic → moment → value."""
    unmeasured: str | None = None
    """Why some diagnostics are missing."""
    lesions: Mapping[str, Mapping[str, Mapping[str, float]]] = field(
        default_factory=dict[str, Mapping[str, Mapping[str, float]]]
    )
    """Arm → kind of lesion → response → value."""
    unlesioned: str | None = None
    """Why some lesions are missing."""
    trivial: Mapping[str, float] = field(default_factory=dict[str, float])
    """Response → what the trivial predictor scores on the replicate's splits."""
    simple: Mapping[str, Mapping[str, float]] = field(default_factory=dict[str, Mapping[str, float]])
    """Simple predictor → response → what it scores on the replicate's splits."""
    compilation: str | None = None
    """How its steps were computed, as `Compilation.verdict`."""


def outcome_of(
    fit: Fit,
    trainer: pl.Trainer,
    *,
    parameters: int,
    flops: int | None,
    started: str,
    seconds: float,
    epochs: int,
    steps: int,
    responses: Mapping[str, float],
    error: str | None,
    diagnostics: Mapping[str, Mapping[str, float]],
    unmeasured: str | None,
    lesions: Mapping[str, Mapping[str, Mapping[str, float]]],
    unlesioned: str | None,
    trivial: Mapping[str, float],
    simple: Mapping[str, Mapping[str, float]],
    compilation: str | None,
) -> Outcome:
    """The outcome of a trial whose fit has finished, alone or as a member of a stack: complete or diverged.

    Args:
        fit: Of the trial, or of any member of its stack: all have the same numbers of examples.
        trainer: Of the fit.
        parameters: Of its network.
        flops: Of one example's forward pass.
        started: As `now`.
        seconds: Of the fit; of a stack, an equal share.
        epochs: That it trained in.
        steps: Optimizer steps that it took.
        responses: The logged numbers.
        error: Why it diverged; None: it did not.
        diagnostics: Diagnostic → moment → value.
        unmeasured: Why some diagnostics are missing.
        lesions: Arm → kind of lesion → response → value.
        unlesioned: Why some lesions are missing.
        trivial: Response → what the trivial predictor scores on its splits.
        simple: Simple predictor → response → what it scores on them.
        compilation: How its steps were computed, as `Compilation.verdict`.
    """
    return Outcome(
        started=started,
        error=error,
        responses=responses,
        counts=Counts(
            epochs=epochs,
            steps=steps,
            train_examples=fit.examples.get("train", 0),
            val_examples=fit.examples.get("val", 0),
            test_examples=fit.examples.get("test", 0),
            parameters=parameters,
            flops=flops,
            sampling=fit.sampling,
        ),
        seconds=seconds,
        device=hardware.name(trainer.strategy.root_device),
        diagnostics=diagnostics,
        unmeasured=unmeasured,
        lesions=lesions,
        unlesioned=unlesioned,
        trivial=trivial,
        simple=simple,
        compilation=compilation,
    )
