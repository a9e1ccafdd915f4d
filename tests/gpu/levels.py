"""Every shipped level, for one deterministic epoch of a few minibatches; the trials of a study share a process."""

import multiprocessing
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from ablate import study
from ablate.errors import AblateError, DataError
from ablate.execute.process.hardware import cores
from tests.gpu._stage import STAGES, Findings, checked

STUDIES = Path(__file__).resolve().parents[2] / "conf/study"
BATCHES = 4
LIMIT_S = next(stage.limit_s for stage in STAGES if stage.name == "levels") - 15
"""No study is begun after it."""


def run(device: str) -> Findings:
    """A row for each study that does not train, and one for the others."""
    import ablate.execute.bundle  # noqa: F401 – before processes fork: torch is loaded once

    names, began = sorted(file.stem for file in STUDIES.glob("*.yaml")), time.monotonic()
    at_once = min(cores(), 8)
    with ProcessPoolExecutor(at_once, mp_context=multiprocessing.get_context("fork"), max_tasks_per_child=None) as pool:
        found = list(pool.map(_trained, names, [device] * len(names), [began] * len(names)))
    wrong = [(name, said, "failed") for name, (state, said) in zip(names, found, strict=True) if state == "failed"]
    trained = sum(int(said) for state, said in found if state == "ok")
    done = [name for name, (state, _) in zip(names, found, strict=True) if state == "ok"]
    rows = [(f"{len(done)} studies", f"{trained} design points, which have every level", "ok"), *wrong]
    skipped = [f"{name}: {said}" for name, (state, said) in zip(names, found, strict=True) if state == "skipped"]
    return checked(("study", "found", ""), rows, notes=skipped)


def _trained(name: str, device: str, began: float) -> tuple[str, str]:
    from ablate.execute.bundle import run_bundle
    from ablate.execute.train.job import Job
    from ablate.plan import Bundle

    if time.monotonic() - began > LIMIT_S:
        return "skipped", f"not begun after {LIMIT_S} s"
    accelerator = "gpu" if device == "cuda" else "cpu"
    with tempfile.TemporaryDirectory() as folder:
        words = [name, "replicates=1", f"results_dir={folder}", f"trainer.accelerator={accelerator}"]
        words += ["trainer.max_epochs=1", f"+trainer.lightning.limit_train_batches={BATCHES}"]
        try:
            planned = study.plan(words)
        except AblateError as error:
            return "failed", str(error)
        if not planned.trials:
            return "skipped", "it trains nothing"
        chosen = _with_every_level(planned.trials)
        for trial in chosen:
            job = Job(bundle=Bundle(trials=(trial,)), directory=planned.directory, sources=("",), commit=None)
            try:
                (record,) = run_bundle(job, engine="inline", threads=1)
            except DataError as error:
                return "skipped", str(error)
            if record.state == "failed":
                if "data" in str(record.error).lower() and "not there" in str(record.error):
                    return "skipped", str(record.error)
                return "failed", f"{dict(trial.point.levels)}: {record.error}"
    return "ok", str(len(chosen))


def _with_every_level(trials: tuple) -> list:
    """Few trials that have every level of every factor: one is taken where it has a level that is new."""
    chosen, seen = [], set()
    for trial in trials:
        levels = set(trial.point.levels.items())
        if not levels or not levels <= seen:
            chosen.append(trial)
            seen |= levels
        if not levels:
            break
    return chosen
