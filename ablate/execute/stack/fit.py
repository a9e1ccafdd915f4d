"""Trains a bundle as one Lightning fit, and makes a record of every trial."""

import time
from typing import Any, cast

from ablate.execute.examine.simple_predictor import shared_simple_scores
from ablate.execute.examine.trivial_predictor import shared_trivial_scores
from ablate.execute.lesion.evaluation import evaluate_lesions
from ablate.execute.stack.batches import StackedChunks
from ablate.execute.stack.callbacks import MemberCurves
from ablate.execute.stack.diagnostics import StackedDiagnostics
from ablate.execute.stack.member import Member
from ablate.execute.stack.optimizer import in_groups
from ablate.execute.stack.stacked_module import StackedModule
from ablate.execute.train.checkpoint.keeper import keeper
from ablate.execute.train.dataset import shared_splits, splits_for
from ablate.execute.train.job import Job
from ablate.execute.train.outcome import outcome_of
from ablate.execute.train.record import now, record
from ablate.execute.train.size import flops, parameters
from ablate.execute.train.trainer import trainer as make_trainer
from ablate.execute.train.weights import as_bytes
from ablate.store.directory import StudyDirectory, TrialOutput


def train_stacked(job: Job, *, engine: str, threads: int) -> tuple[TrialOutput, ...]:
    """Trains all trials of a job at once; returns their records, curves and diagnostics, in their order.

    A record's seconds are those of the fit divided by its members.

    Raises:
        Unstackable: they cannot be stacked.
        AblateError: as for a trial that trains alone.
    """
    started = now()
    trials = job.bundle.trials
    make_splits = shared_splits(splits_for(trials[0].config.trainer.settings))
    prepared = [Member.of(trial.config, trial.streams, make_splits=make_splits) for trial in trials]
    del make_splits  # it holds the splits, which the stack joins: on the CPU they are freed then
    order = in_groups([member.way for member in prepared])
    members = [prepared[index] for index in order]
    fit = members[0].fit
    size = {"parameters": parameters(fit.network), "flops": flops(fit.network, fit.probe)}
    trivial_scores, simple_scores = shared_trivial_scores(), shared_simple_scores()
    tested = members if trials[0].is_tested else []
    trivial = [trivial_scores(member.fit) for member in tested] or [{}] * len(members)
    simple = [simple_scores(member.fit) for member in tested] or [{}] * len(members)
    module = StackedModule(members, conv_as_matmul=job.bundle.conv_as_matmul)
    curves = MemberCurves([member.max_loss for member in members])
    settings = trials[0].config.trainer.settings
    diagnostics = StackedDiagnostics(settings.moments, members, settings.diagnostic_examples)
    folder = StudyDirectory(job.directory).trial(trials[0].id)
    kept = keeper(job, threads=threads, stacked=True)
    callbacks = (curves, diagnostics, *filter(None, [kept]))
    trainer = make_trainer(trials[0].config, user_defined=False, callbacks=callbacks, folder=folder)
    resumed = {} if kept is None else kept.resume(trainer, module)
    began = time.perf_counter()
    trainer.fit(module, StackedChunks([m.chunks for m in members]), fit.data["val_dataloaders"], **resumed)
    counted = {"epoch_steps": module.epoch_steps, "budget_steps": module.budget}
    seconds = (time.perf_counter() - began + (kept.seconds_before if kept else 0.0)) / len(members)
    if module.active and trials[0].is_tested:
        trainer.test(module, verbose=False, **cast(dict[str, Any], fit.test))
    made: dict[int, TrialOutput] = {}
    for place, index in enumerate(order):
        network = module.member(place)
        weights = as_bytes(network) if job.keeps_weights else None
        lesions = job.lesions_of(trials[index]) if place in module.active else None
        lesioned = evaluate_lesions(members[place].fit, network, trials[index], lesions, folder=folder)
        steps = curves.steps[place]
        ended = outcome_of(
            fit,
            trainer,
            **size,
            started=started,
            seconds=seconds,
            epochs=curves.epochs(place),
            steps=module.steps if steps is None else steps,
            responses=module.responses[place]
            | curves.updates_to(place, trials[index].config.objective.thresholds, **counted),
            error=curves.reasons[place],
            diagnostics=diagnostics.values(place),
            unmeasured=diagnostics.failures[place],
            lesions=lesioned.responses,
            unlesioned=lesioned.reason,
            trivial=trivial[place],
            simple=simple[place],
            compilation=module.compilation.verdict,
        )
        source = job.sources[index]
        made[index] = TrialOutput(
            record=record(
                trials[index],
                ended,
                engine=engine,
                threads=threads,
                source=source,
                commit=job.commit,
                stated=job.stated,
            ),
            curve=curves.as_csv(place),
            diagnostics=diagnostics.as_csv(place),
            weights=weights,
        )
    return tuple(made[index] for index in range(len(trials)))
