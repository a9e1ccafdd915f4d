"""Are two workers kept busy? The wall time of trials whose costs differ eightfold, against the least that is possible.

That is max(total / workers, longest), of the seconds that the trials' own fits took in that same run: what a worker
does between fits, and when it has nothing left to do, counts against the engine. Its start-up is apart.
"""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from ablate import study
from ablate.execute.engines import engine
from ablate.execute.planner import schedule
from ablate.execute.train.job import Job
from tests.benchmarks._goal import Goal
from tests.benchmarks._plain import HERE

WORKERS = 2
EPOCHS = (2, 4, 8, 16)
REPLICATES = 4
REPETITIONS = 3


def goals() -> Iterator[Goal]:
    """One goal; conv nets, which train alone."""
    values = tuple(measured(EPOCHS, replicates=REPLICATES) for _ in range(REPETITIONS))
    yield Goal(
        name=f"makespan, {len(EPOCHS) * REPLICATES} trials of {min(EPOCHS)} to {max(EPOCHS)} epochs",
        against="max(total/workers, longest)",
        bound=1.10,
        best="least",
        values=values,
    )


def measured(epochs: tuple[int, ...], *, replicates: int, model: str = "simple_resnet") -> float:
    """The wall time over the least possible.

    Raises:
        RuntimeError: a trial did not end well: there is no ratio.
    """
    with tempfile.TemporaryDirectory() as folder:
        planned = study.plan(
            [
                *("plain", f"model={model}", "trainer.accelerator=cpu"),
                *(f"replicates={replicates}", f"engine.workers={WORKERS}", f"results_dir={Path(folder)}"),
                f"trainer.max_epochs={','.join(map(str, epochs))}",
            ],
            cwd=HERE,
        )
        jobs = [
            Job(bundle=bundle, directory=planned.directory, sources=("",) * len(bundle.trials), commit=None)
            for bundle in schedule(planned.trials, planned.trials, workers=WORKERS).bundles
        ]
        workers = engine(planned.spec.settings["engine"])
        workers.call(int)  # torch is there when it answers
        workers.close()
        began = time.perf_counter()
        records = [record for done in workers.run(jobs) for record in done]
        wall = time.perf_counter() - began
        if [r.state for r in records] != ["complete"] * len(planned.trials):
            raise RuntimeError(f"{[r.error for r in records if r.state != 'complete']}: there is no ratio.")
        seconds = {record.id: record.seconds for record in records}
        fits = [sum(seconds[trial.id] for trial in job.bundle.trials) for job in jobs]
        return wall / max(sum(fits) / WORKERS, *fits)


if __name__ == "__main__":
    from tests.benchmarks._results import report

    report(["makespan"])
