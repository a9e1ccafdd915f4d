"""A finished study of drawn numbers: real records, nothing trained."""

from pathlib import Path

import numpy as np

from ablate import study
from ablate.store import Counts, Frozen, Record, StudyDirectory
from tests.benchmarks._plain import HERE


def synthetic(folder: Path, *, points: int, replicates: int) -> Path:
    """Makes one with so many design points and replicates, and returns its directory."""
    planned = study.plan(
        [
            *("plain", f"results_dir={folder}", f"replicates={replicates}"),
            f"model.width={','.join(str(4 * i) for i in range(1, points + 1))}",
        ],
        cwd=HERE,
    )
    directory = StudyDirectory(planned.directory)
    directory.freeze(Frozen(spec=planned.spec, history=()))
    rng = np.random.default_rng(0)
    for trial in planned.trials:
        record = Record(
            id=trial.id,
            study=trial.study,
            levels=dict(trial.point.levels),
            replicate=trial.replicate,
            state="complete",
            responses={"test/accuracy": rng.normal(0.9, 0.01)},
            counts=Counts(epochs=1, steps=1, test_examples=100, parameters=1000, flops=1000),
            seconds=1.0,
            started="2026-01-01T00:00:00+00:00",
            config=trial.config.as_dict(),
        )
        directory.write_record(record)
    study.save_summary(planned)
    return planned.directory
