"""Members of small studies, stacked and alone."""

import csv
import dataclasses
from collections.abc import Callable

import pytest
import torch

from ablate import study
from ablate.execute.bundle import run_bundle
from ablate.execute.process.isolation import isolated_process
from ablate.execute.train.job import Job
from ablate.plan import Trial, bundles
from ablate.store import Record, StudyDirectory
from tests.threads import THREADS

SMALL = ("smoke", "study.factors=[]", "trainer.precision=64-true", "trainer.accelerator=cpu", "data.limit=300")


@pytest.fixture
def trials(here) -> Callable[..., tuple[Trial, ...]]:
    """The trials of a small study in float64 that could be stacked, all of them."""

    def planned(*words: str) -> tuple[Trial, ...]:
        made = bundles(study.plan([*SMALL, *words], cwd=here).trials)
        assert len(made) == 1
        return made[0].trials

    return planned


@dataclasses.dataclass(frozen=True)
class Done:
    """What a bundle has left on disk."""

    records: tuple[Record, ...]
    curves: tuple[list[dict[str, str]], ...]


@pytest.fixture
def trained(tmp_path) -> Callable[..., Done]:
    """Trains trials as one, or one after the other."""

    def train(
        trials: tuple[Trial, ...], *, stacked: bool, falls_back: bool = False, conv_as_matmul: bool = False
    ) -> Done:
        bundle = dataclasses.replace(bundles(trials)[0], stacked=stacked, conv_as_matmul=conv_as_matmul)
        directory = StudyDirectory(tmp_path / f"stacked-{stacked}")
        job = Job(bundle=bundle, directory=directory.path, sources=tuple("cafe" for _ in trials), commit=None)
        records = run_bundle(job, engine="inline", threads=THREADS)
        assert (len({record.seconds for record in records}) == 1) is (stacked and not falls_back)  # an equal share
        found = directory.contents().records
        assert [found[trial.id] for trial in trials] == list(records)
        files = [directory.trial(trial.id) / "curve.csv" for trial in trials]
        curves = [file.read_text().splitlines() if file.exists() else [] for file in files]
        return Done(records, tuple(list(csv.DictReader(curve)) for curve in curves))

    return train


@pytest.fixture(autouse=True)
def as_a_guest():
    """Leaves torch's generators and threads as they were."""
    with isolated_process(threads=THREADS):
        yield
    assert torch.get_default_dtype() == torch.float32
