"""The outcome of a finished fit: of a trial that trained alone, or of a member of a stack."""

from collections.abc import Mapping

import pytorch_lightning as pl

from ablate.execute.process import hardware
from ablate.execute.train.fit import Fit
from ablate.execute.train.record import Outcome
from ablate.store.record import Counts


def outcome(
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
    trivial: Mapping[str, float],
    simple: Mapping[str, Mapping[str, float]],
    compilation: str | None,
) -> Outcome:
    """The outcome of a trial whose fit has finished, complete or diverged.

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
        trivial=trivial,
        simple=simple,
        compilation=compilation,
    )
