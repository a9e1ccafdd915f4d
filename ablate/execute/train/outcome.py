"""From a fit that has ended to its outcome: of a trial that trained alone, and of each member of a stack."""

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
    compilation: str | None,
) -> Outcome:
    """The outcome of a trial that was trained to an end.

    Args:
        fit: What was trained; a stack's members have examples in equal numbers, and one of them stands for all.
        trainer: What trained it.
        parameters: Of its network.
        flops: Of one example's forward pass.
        started: As `now`.
        seconds: Of the fit; of a stack, an equal share.
        epochs: That it trained in.
        steps: Optimizer steps that it took.
        responses: What it logged.
        error: Why it diverged; None: it did not.
        diagnostics: Diagnostic → moment → value.
        unmeasured: Why some of them are not there.
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
        ),
        seconds=seconds,
        device=hardware.name(trainer.strategy.root_device),
        diagnostics=diagnostics,
        unmeasured=unmeasured,
        compilation=compilation,
    )
