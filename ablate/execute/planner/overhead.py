"""Measures the time of a trial beside its steps and evaluations: per fit, with its diagnostics, and per epoch."""

import time
from pathlib import Path

from ablate.config.trial import TrialConfig
from ablate.execute.diagnose.callback import DiagnosticsCallback
from ablate.execute.process.socket_directory import temporary_directory
from ablate.execute.train.batches import EVALUATION_BATCH_SIZE
from ablate.execute.train.callbacks import Curve, Divergence
from ablate.execute.train.fit import prepare
from ablate.execute.train.trainer import trainer
from ablate.plan.trial import Trial
from ablate.store.timings import Overhead, StepTiming

FEW_EPOCHS, MANY_EPOCHS = 1, 7
"""Epochs, of one step each, of the two fits that are timed. The difference is the time of the additional epochs."""


def overhead(trial: Trial, timing: StepTiming) -> Overhead:
    """Fits a trial twice with one step and one evaluation batch per epoch, and subtracts the time of these.

    Args:
        trial: A trial of a plain network.
        timing: Of the same network.

    Raises:
        RuntimeError: it diverges.
    """
    _seconds(trial.config, trial, FEW_EPOCHS)  # Lightning loads modules during the first fit
    once = _seconds(trial.config, trial, FEW_EPOCHS)
    often = _seconds(trial.config, trial, MANY_EPOCHS)
    fit = prepare(trial.config, trial.streams)
    epoch = (often - once) / (MANY_EPOCHS - FEW_EPOCHS)
    val, test = (min(fit.examples[split], EVALUATION_BATCH_SIZE) for split in ("val", "test"))
    computed = timing.step + timing.example * val
    rest = once - FEW_EPOCHS * max(epoch, computed) - timing.example * test
    return Overhead(fit=max(rest, 0.0), epoch=max(epoch - computed, 0.0))


def _seconds(config: TrialConfig, trial: Trial, epochs: int) -> float:
    once_an_epoch = dict.fromkeys(("limit_train_batches", "limit_val_batches", "limit_test_batches"), 1)
    config = config.with_groups(logger=None, scheduler=None)
    config = config.with_settings("trainer", max_epochs=epochs, max_steps=None, lightning=once_an_epoch, compile=False)
    fit = prepare(config, trial.streams)
    with temporary_directory() as folder:
        began = time.perf_counter()
        settings = config.trainer.settings
        diagnostics = DiagnosticsCallback(settings.moments, settings.diagnostic_examples)
        callbacks = (Curve(), Divergence(settings.max_loss), diagnostics)
        once = trainer(config, user_defined=False, callbacks=callbacks, folder=Path(folder))
        once.fit(fit.module, **fit.data)
        once.test(fit.module, verbose=False, **(fit.test or {}))
        seconds = time.perf_counter() - began
    if once.current_epoch < epochs:
        raise RuntimeError("the trial has diverged: its duration says nothing about others")
    return seconds
