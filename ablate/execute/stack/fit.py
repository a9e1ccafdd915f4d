"""Trains a bundle as one Lightning fit, and makes a record of every trial, as if it had trained alone."""

import time
from datetime import UTC, datetime
from typing import Any, cast

from ablate.execute.process import hardware
from ablate.execute.stack.batches import StackedChunks
from ablate.execute.stack.callbacks import Members
from ablate.execute.stack.diagnostics import StackedWatch
from ablate.execute.stack.member import Member
from ablate.execute.stack.optimizer import in_groups
from ablate.execute.stack.stacked_module import StackedModule
from ablate.execute.train.dataset import drawn_once
from ablate.execute.train.job import Job
from ablate.execute.train.record import Outcome, record
from ablate.execute.train.size import flops, parameters
from ablate.execute.train.trainer import trainer as make_trainer
from ablate.store.directory import StudyDirectory
from ablate.store.record import Counts, Record


def train_stacked(job: Job, *, engine: str, threads: int) -> tuple[tuple[Record, str, str | None], ...]:
    """Trains all of a job's trials at once; returns record, curve and diagnostics by layer of each, in their order.

    A record's seconds are the fit's divided by its members: what the trial has cost.

    Raises:
        Unstackable: they cannot train as one.
        AblateError: as a trial that trains alone.
    """
    started = datetime.now(UTC).isoformat("T", "seconds")
    trials = job.bundle.trials
    draw = drawn_once()
    prepared = [Member.of(trial.config, trial.streams, draw=draw) for trial in trials]
    order = in_groups([member.scalars for member in prepared])
    members = [prepared[index] for index in order]
    size = parameters(members[0].fit.network), flops(members[0].fit.network, members[0].fit.probe)
    module = StackedModule(members, matrices=job.bundle.conv_as_matmul)
    followed = Members([member.max_loss for member in members])
    watch = StackedWatch(trials[0].config.trainer.settings.moments, members)
    folder = StudyDirectory(job.directory).trial(trials[0].id)
    trainer = make_trainer(trials[0].config, own=False, callbacks=(followed, watch), folder=folder)
    fit = members[0].fit
    began = time.perf_counter()
    trainer.fit(module, StackedChunks([m.chunks for m in members]), fit.data["val_dataloaders"])
    seconds = (time.perf_counter() - began) / len(members)
    if module.active:
        trainer.test(module, verbose=False, **cast(dict[str, Any], fit.test))
    made: dict[int, tuple[Record, str, str | None]] = {}
    for place, index in enumerate(order):
        steps = followed.steps[place]
        outcome = Outcome(
            responses=module.responses[place],
            reason=followed.reasons[place],
            counts=Counts(
                epochs=followed.epochs(place),
                steps=module.steps if steps is None else steps,
                train_examples=fit.examples["train"],
                val_examples=fit.examples["val"],
                test_examples=fit.examples["test"],
                parameters=size[0],
                flops=size[1],
            ),
            seconds=seconds,
            started=started,
            device=hardware.name(trainer.strategy.root_device),
            diagnostics=watch.values(place),
            unmeasured=watch.failures[place],
            steps=module.compilation.verdict,
        )
        made[index] = (
            record(trials[index], job, outcome, engine=engine, threads=threads, source=job.sources[index]),
            followed.as_csv(place),
            watch.as_csv(place),
        )
    return tuple(made[index] for index in range(len(trials)))
