"""Trains a random sample of a study's trials again, in a temporary folder, and compares them with their records."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from ablate.config.diagnostic import SECONDS
from ablate.errors import StoreError, begun

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ablate.analysis.compared.retrained import Retrained
    from ablate.config.trial import TrialConfig
    from ablate.execute.engines import Engine
    from ablate.execute.train.job import Job
    from ablate.plan import Trial
    from ablate.store import Record

INLINE = "inline"


def retrain(
    path: Path,
    number: int,
    *,
    seed: int = 0,
    tolerance: float | None = None,
    called: str | None = None,
    on_message: Callable[[str], None] = lambda _: None,
) -> tuple[Retrained, ...]:
    """Trains some complete trials again, with what their records state, and compares. The study is left as it is.

    They train on this machine, each alone, with the threads that its record names; on the processor if that trained it.
    A study of `engine=inline` trains in this process, any other in workers. No logger is used.

    Args:
        path: The study's directory.
        number: How many trials; if fewer are complete, all of those.
        seed: Seed of the random sample.
        tolerance: As in `ablate.analysis.compared.retrained.retrained`.
        called: How messages name the study; None: by its directory.
        on_message: Called with a message for the user before the trainings, and after each.

    Raises:
        StoreError: there is no study, no complete trial, or one that cannot be trained again; or the response is a
            time, and there is no tolerance.
        EngineError: no worker can be started, or none can go on.
        KeyboardInterrupt: Ctrl-C; nothing is left behind.
    """
    from ablate.analysis.compared.retrained import retrained
    from ablate.store import StudyDirectory

    called = called or str(path)
    directory = StudyDirectory(path)
    spec = directory.frozen().spec
    if spec.response.name == SECONDS and tolerance is None:
        raise StoreError(
            f"The response of {called} is {SECONDS}, and no training takes the same time twice. Give --tolerance, in "
            "seconds."
        )
    records = directory.contents().records
    complete = sorted(trial for trial in records if records[trial].state == "complete")
    if not complete:
        raise StoreError(f"{called} has no trial that is complete: there is nothing to train again.")
    sample = [records[trial] for trial in sorted(Random(seed).sample(complete, min(number, len(complete))))]
    trials = [_trial(record, called) for record in sample]
    on_message(f"Training {len(sample)} of {len(complete)} complete trials of {called} again (seed {seed}).")
    inline = (spec.settings.get("engine") or {}).get("name") == INLINE
    again: dict[str, Record] = {}
    with begun(), tempfile.TemporaryDirectory(prefix="ablate-retrain-") as folder:
        for threads, group in _by_threads(sample, trials).items():
            jobs = _jobs(group, Path(folder), spec.response.name)
            with closing(_engine(threads, inline=inline, one_worker=not all(map(_is_on_processor, group)))) as engine:
                engine.on_message = on_message
                for done in engine.run(jobs, threads=threads):
                    again |= {record.id: record for record in done}
                    on_message(f"{len(again)} of {len(sample)} trained again.")
    return tuple(retrained(record, again[record.id], spec.response, tolerance=tolerance) for record in sample)


def _trial(record: Record, study: str) -> Trial:
    """The trial of a record, without a logger."""
    from ablate.design import DesignPoint
    from ablate.execute.process.hardware import is_processor
    from ablate.passed_objects import missing
    from ablate.plan import Trial, streams
    from ablate.store.encoding import trained_config

    try:
        config = trained_config(record)
    except ValueError as error:
        raise StoreError(
            f"Trial {record.id} of {study} cannot be trained again: {error}, as in records of early versions. Another "
            "--seed takes another sample."
        ) from error
    if (said := next(filter(None, map(missing, sorted(config.targets))), None)) is not None:
        raise StoreError(f"Trial {record.id} of {study} cannot be trained again from the command line. {said}")
    if record.provenance is not None and is_processor(record.provenance.device):
        config = config.with_settings("trainer", accelerator="cpu")
    seed: int = record.config["seed"]
    return Trial(
        id=record.id,
        study=record.study,
        point=DesignPoint(levels=dict(record.levels)),
        replicate=record.replicate,
        seed=seed,
        streams=streams(seed, record.replicate),
        config=config.with_groups(logger=None),
    )


def _by_threads(records: Sequence[Record], trials: Sequence[Trial]) -> Mapping[int, Sequence[Trial]]:
    """Threads → the trials that trained with so many."""
    found: defaultdict[int, list[Trial]] = defaultdict(list)
    for record, trial in zip(records, trials, strict=True):
        found[1 if record.provenance is None else record.provenance.threads].append(trial)
    return found


def _jobs(trials: Sequence[Trial], folder: Path, response: str) -> list[Job]:
    """A job for each trial of a study that compares a response; it writes below a folder."""
    from ablate.execute.process.import_path import user_modules_last
    from ablate.execute.train.job import Job
    from ablate.execute.train.provenance import source_digests
    from ablate.plan import Bundle

    with user_modules_last():
        sources = source_digests(trial.config for trial in trials)
    return [
        Job(bundle=Bundle(trials=(trial,)), directory=folder, sources=(source,), commit=None, response=response)
        for trial, source in zip(trials, sources, strict=True)
    ]


def _engine(threads: int, *, inline: bool, one_worker: bool) -> Engine:
    """The engine of this machine; with one worker where trials may need the same GPU."""
    from ablate.execute.engines import engine

    if inline:
        return engine({"name": INLINE, "threads": threads})
    return engine({"name": "local", "workers": 1 if one_worker else "auto", "threads": threads})


def _is_on_processor(trial: Trial) -> bool:
    config: TrialConfig = trial.config
    return config.trainer.get("accelerator") == "cpu"
