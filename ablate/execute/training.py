"""Trains one trial alone: on one device, or over several, with the other processes that this needs."""

import os
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import pytorch_lightning as pl

from ablate.errors import ConfigError
from ablate.execute.diagnose.callback import DiagnosticsCallback
from ablate.execute.distributed.devices import has_whole_network, on_one_device
from ablate.execute.distributed.ranks import other_ranks
from ablate.execute.examine.simple_predictor import simple_scores
from ablate.execute.examine.trivial_predictor import trivial_scores
from ablate.execute.lesion.evaluation import evaluate_lesions
from ablate.execute.loggers.identity import RunIdentity
from ablate.execute.loggers.run import log_diagnostics, logger_run, silent_logger
from ablate.execute.process.import_path import user_modules_last
from ablate.execute.process.isolation import isolated_process
from ablate.execute.targets.lightning_callbacks import named_callbacks
from ablate.execute.train.callbacks import Curve, Divergence, scalars, stopping, updates_to
from ablate.execute.train.checkpoint.keeper import Keeper, keeper
from ablate.execute.train.dataset import splits_for
from ablate.execute.train.fit import Fit, prepare
from ablate.execute.train.job import Job, under_way
from ablate.execute.train.network import generators_restored
from ablate.execute.train.outcome import outcome_of
from ablate.execute.train.record import now, record
from ablate.execute.train.size import flops, parameters
from ablate.execute.train.trainer import trainer as make_trainer
from ablate.execute.train.trial_module import TrialModule
from ablate.execute.train.weights import as_bytes, trained
from ablate.plan.trial import Trial
from ablate.store.directory import StudyDirectory, TrialOutput

SAMPLER_SEED = "PL_GLOBAL_SEED"
"""Lightning's variable of the seed with which several processes draw the same order of examples, each its part."""


def train(trial: Trial, job: Job, *, engine: str, threads: int, source: str) -> TrialOutput:
    """Trains one trial of a job; returns its record and curve, which are not on disk yet.

    A logger's run is open before the trial's streams are seeded: it may draw from Python's generator.
    """
    folder = StudyDirectory(job.directory).trial(trial.id)
    with logger_run(trial.config.logger, RunIdentity.of(trial, folder, resumes=under_way(job) is not None)) as logger:
        return _trained(trial, job, engine=engine, threads=threads, source=source, logger=logger)


@dataclass(frozen=True, kw_only=True)
class _Training:
    """A trial that is ready to be fitted."""

    fit: Fit
    trainer: pl.Trainer
    curve: Curve
    divergence: Divergence
    diagnostics: DiagnosticsCallback
    kept: Keeper | None

    @classmethod
    def of(cls, trial: Trial, job: Job, *, threads: int, logger: Any) -> "_Training":
        settings = trial.config.trainer.settings
        if settings.processes > 1:
            os.environ[SAMPLER_SEED] = str(trial.streams.order % 2**32)
        named = named_callbacks(settings.callbacks)  # before the trial's streams are seeded
        fit = prepare(trial.config, trial.streams, make_splits=splits_for(settings))
        curve, divergence = Curve(), Divergence(settings.max_loss)
        diagnostics = DiagnosticsCallback(settings.moments, settings.diagnostic_examples)
        kept = keeper(job, threads=threads)
        trainer = make_trainer(
            trial.config,
            user_defined=not isinstance(fit.module, TrialModule),
            callbacks=(curve, divergence, diagnostics, *stopping(settings.patience), *filter(None, [kept])),
            folder=StudyDirectory(job.directory).trial(trial.id),
            named=named,
            logger=logger or silent_logger(trial.config.logger, fit.module),
            module=fit.module,
        )
        if not has_whole_network(trainer) and (parts := _of_whole_network(trial, job)):
            raise ConfigError(
                f"trainer.lightning.strategy={settings.lightning.get('strategy')} leaves each process a part of the "
                f"weights: {parts} needs all of them. Use trainer.lightning.strategy=ddp, or take it out."
            )
        return cls(fit=fit, trainer=trainer, curve=curve, divergence=divergence, diagnostics=diagnostics, kept=kept)

    def resumed(self) -> dict[str, Any]:
        """Arguments of `Trainer.fit` that let it go on from a checkpoint; none where there is none."""
        return {} if self.kept is None else self.kept.resume(self.trainer, self.fit.module)

    def counted_updates(self, trial: Trial) -> dict[str, float]:
        """Response → updates up to a threshold, of a plain network that has just been trained."""
        if not isinstance(module := self.fit.module, TrialModule):
            return {}
        thresholds, rows = trial.config.objective.thresholds, [] if self.divergence.reason else self.curve.rows
        return updates_to(thresholds, rows, epoch_steps=module.epoch_steps, budget_steps=module.budget)

    def tests_together(self, trial: Trial) -> bool:
        """Whether all of several processes are to test, as each has a part of the weights."""
        return not has_whole_network(self.trainer) and _is_to_be_tested(trial, self)


@user_modules_last()
def follow(trial: Trial, job: Job, threads: int, ready: Callable[[], None]) -> None:
    """Trains a trial in one of the other processes of a training over several devices: it records nothing.

    `ready` is called before the fit.
    """
    with isolated_process(threads=threads):
        training = _Training.of(trial, job, threads=threads, logger=None)
        resumed = training.resumed()
        ready()
        training.trainer.fit(training.fit.module, **training.fit.data, **resumed)
        if training.tests_together(trial):
            training.trainer.test(training.fit.module, verbose=False, **(training.fit.test or {}))


def _trained(trial: Trial, job: Job, *, engine: str, threads: int, source: str, logger: Any) -> TrialOutput:
    started = now()
    training = _Training.of(trial, job, threads=threads, logger=logger)
    fit, trainer, divergence = training.fit, training.trainer, training.divergence
    size = {"parameters": parameters(fit.network), "flops": flops(fit.network, fit.probe)}
    trivial, simple = (trivial_scores(fit), simple_scores(fit)) if trial.is_tested else ({}, {})
    resumed = training.resumed()
    with other_ranks(follow, (trial, job, threads), world=trainer.world_size):
        began = time.perf_counter()
        trainer.fit(fit.module, **fit.data, **resumed)
        seconds = time.perf_counter() - began + (training.kept.seconds_before if training.kept else 0.0)
        responses = scalars(trainer)
        epochs, steps = trainer.current_epoch, _steps(fit, trainer)
        counted = training.counted_updates(trial)
        if training.tests_together(trial):
            trainer.test(fit.module, verbose=False, **(fit.test or {}))
            responses |= scalars(trainer)
    lesions = job.lesions_of(trial) if divergence.reason is None else None
    if has_whole_network(trainer) and _is_to_be_tested(trial, training):
        tester = trainer if trainer.world_size == 1 else _tester(trial, job, fit)
        # Lesions begin with the generators as this test does: a LightningDataModule may draw its test split.
        with nullcontext() if lesions is None else generators_restored(tester.strategy.root_device):
            tester.test(fit.module, verbose=False, **(fit.test or {}))
        responses |= scalars(tester)
    responses |= counted
    log_diagnostics(logger, training.diagnostics.values, step=steps)
    network = trained(fit.module, fit.network)
    weights = as_bytes(network) if job.keeps_weights else None
    folder = StudyDirectory(job.directory).trial(trial.id)
    lesioned = evaluate_lesions(fit, network, trial, lesions, folder=folder)
    ended = outcome_of(
        fit,
        trainer,
        **size,
        started=started,
        seconds=seconds,
        epochs=epochs,
        steps=steps,
        responses=responses,
        error=divergence.reason,
        diagnostics=training.diagnostics.values,
        unmeasured=training.diagnostics.failure,
        lesions=lesioned.responses,
        unlesioned=lesioned.reason,
        trivial=trivial,
        simple=simple,
        compilation=fit.module.compilation.verdict if isinstance(fit.module, TrialModule) else None,
    )
    made = record(
        trial,
        ended,
        engine=engine,
        threads=threads,
        source=source,
        commit=job.commit,
        stated=job.stated,
        response=job.response,
    )
    return TrialOutput(
        record=made,
        curve=training.curve.as_csv(),
        diagnostics=training.diagnostics.as_csv(),
        weights=weights,
    )


def _is_to_be_tested(trial: Trial, training: _Training) -> bool:
    return trial.is_tested and training.divergence.reason is None and training.fit.test is not None


def _tester(trial: Trial, job: Job, fit: Fit) -> pl.Trainer:
    """Tests on one device what was trained on several: each example counts once."""
    folder = StudyDirectory(job.directory).trial(trial.id)
    return make_trainer(on_one_device(trial.config), user_defined=True, callbacks=(), folder=folder, module=fit.module)


def _of_whole_network(trial: Trial, job: Job) -> str | None:
    """What of a job needs all weights in one process; None: nothing."""
    if job.keeps_weights:
        return "keep=weights"
    if job.checkpoint_min is not None:
        return "engine.checkpoint_min"
    return None if job.lesions_of(trial) is None else "study.lesion"


def _steps(fit: Fit, trainer: pl.Trainer) -> int:
    """Optimizer steps. A TrialModule counts them: with manual optimization the Trainer's count stays 0."""
    return fit.module.steps if isinstance(fit.module, TrialModule) else trainer.global_step
