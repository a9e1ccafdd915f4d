import os
from dataclasses import replace

import pytest

from ablate.config.spec import Factor, Response, StudySpec
from ablate.plan import Bundle
from ablate.store import Counts, Frozen, Record, StudyDirectory


class Folder:
    """A study of two design points in a folder, whose trials end when a test says so."""

    def __init__(self, path):
        self.directory = StudyDirectory(path)
        self.spec = StudySpec(
            name="wide",
            question="Does width matter?",
            design="factorial",
            factors=(Factor(name="width", levels={"4": ("model.width=4",), "8": ("model.width=8",)}, reference="4"),),
            response=Response(name="test/accuracy", better="higher"),
            replicates=3,
            seed=7,
            settings={"engine": {"name": "local"}},
            directory="wide",
            request=("wide", "replicates=3"),
        )
        self.freeze()

    def freeze(self, **changes):
        self.spec = replace(self.spec, **changes)
        self.directory.freeze(Frozen(spec=self.spec, history=()))

    def end(self, width, replicate, *, at=1000.0, state="complete", value=0.5, started="2026-01-01T00:00:00+00:00"):
        """Writes the record of a trial, as if at a time; returns its file."""
        record = Record(
            id=f"{width}-{replicate}-{started[:4]}",
            study="wide",
            levels={"width": width},
            replicate=replicate,
            state=state,
            responses={"test/accuracy": value},
            counts=Counts(),
            seconds=2.0,
            started=started,
        )
        self.directory.write_record(record)
        path = self.directory.record_path(record.id)
        os.utime(path, (at, at))
        return path


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path / "wide")


@pytest.fixture
def bundles(resolve_trials):
    """Bundles of trials by width and replicate."""

    def made(*each):
        return [Bundle(trials=tuple(resolve_trials[width, replicate] for width, replicate in one)) for one in each]

    return made


@pytest.fixture
def resolve_trials(folder):
    from types import SimpleNamespace

    points = {width: SimpleNamespace(levels={"width": width}) for width in ("4", "8")}
    return {(width, r): SimpleNamespace(point=points[width], replicate=r) for width in points for r in range(3)}
