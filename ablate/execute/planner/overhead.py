"""What a trial takes beside its steps and evaluations: for the fit, diagnostics among it, and for each epoch."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from ablate.config.trial import TrialConfig
from ablate.execute.diagnose.callback import Watch
from ablate.execute.train.callbacks import Curve, Divergence
from ablate.execute.train.fit import prepare
from ablate.execute.train.trainer import trainer
from ablate.plan.trial import Trial
from ablate.store.timings import Overhead, Pace

FEW, MANY = 1, 7
"""Epochs of one step of the two fits that are timed: their difference is of epochs, the rest of the first of a fit."""


def overhead(trial: Trial, pace: Pace) -> Overhead:
    """Fits a trial twice, for a step an epoch; leaves out what its steps and evaluations take.

    Args:
        trial: Any one of a plain network.
        pace: Its own.

    Raises:
        RuntimeError: it diverges.
    """
    _seconds(trial.config, trial, FEW)  # whatever Lightning loads with the first fit
    once = _seconds(trial.config, trial, FEW)
    often = _seconds(trial.config, trial, MANY)
    fit = prepare(trial.config, trial.streams)
    epoch = (often - once) / (MANY - FEW)
    computed = pace.step + pace.example * fit.examples["val"]
    rest = once - FEW * max(epoch, computed) - pace.example * fit.examples["test"]
    return Overhead(fit=max(rest, 0.0), epoch=max(epoch - computed, 0.0))


def _seconds(config: TrialConfig, trial: Trial, epochs: int) -> float:
    once_an_epoch = {"limit_train_batches": 1}
    config = config.with_groups(logger=None)
    config = config.with_settings("trainer", max_epochs=epochs, lightning=once_an_epoch, compile=False)
    fit = prepare(config, trial.streams)
    with TemporaryDirectory() as folder:
        began = time.perf_counter()
        settings = config.trainer.settings
        callbacks = (Curve(), Divergence(settings.max_loss), Watch(settings.moments))
        once = trainer(config, own=False, callbacks=callbacks, folder=Path(folder))
        once.fit(fit.module, **fit.data)
        once.test(fit.module, verbose=False, **(fit.test or {}))
        seconds = time.perf_counter() - began
    if once.current_epoch < epochs:
        raise RuntimeError("the trial has diverged: what it takes says nothing of others")
    return seconds
