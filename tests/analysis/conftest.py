"""Studies in memory: factors, design points and records from plain numbers."""

import itertools
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest

from ablate.analysis.summarise import summarise
from ablate.analysis.summary import Contrast, PointSummary, Summary
from ablate.config.spec import Factor, Response, StudySpec
from ablate.design.point import DesignPoint
from ablate.store.record import Counts, Record

DIVERGED, FAILED, ABSENT, UNREADABLE = "diverged", "failed", "absent", "unreadable"


class Laboratory:
    """Makes specs, points and records; the first level named of a factor is its reference."""

    DIVERGED, FAILED, ABSENT, UNREADABLE = DIVERGED, FAILED, ABSENT, UNREADABLE

    def spec(self, design: str = "one_at_a_time", replicates: int = 5, response: Response | None = None, **levels):
        factors = tuple(
            Factor(name=name, levels=dict.fromkeys(names, ()), reference=names[0]) for name, names in levels.items()
        )
        return StudySpec(
            name="study",
            question="Does it matter?",
            design=design,
            factors=factors,
            response=response or Response(name="test/accuracy", better="higher", trivial=0.1),
            replicates=replicates,
            seed=0,
        )

    def points(self, *levels: Mapping[str, str]) -> tuple[DesignPoint, ...]:
        return tuple(DesignPoint(levels=dict(point)) for point in levels)

    def crossed(self, spec: StudySpec) -> tuple[DesignPoint, ...]:
        names = [factor.name for factor in spec.factors]
        cells = itertools.product(*(factor.levels for factor in spec.factors))
        return self.points(*(dict(zip(names, cell, strict=True)) for cell in cells))

    def record(self, spec: StudySpec, levels: Mapping[str, str], replicate: int, value, **fields) -> Record:
        state = value if value in (DIVERGED, FAILED) else "complete"
        response = value if isinstance(value, int | float) else None
        return Record(
            **{
                "id": "-".join([*levels.values(), str(replicate)]),
                "study": spec.name,
                "levels": dict(levels),
                "replicate": replicate,
                "state": state,
                "responses": {spec.response.name: response},
                "counts": Counts(test_examples=100),
                "seconds": 1.0,
                "started": "2024-05-01T00:00:00Z",
                "error": None if state == "complete" else f"it {state}",
            }
            | fields
        )

    def records(self, spec: StudySpec, points: Sequence[DesignPoint], values: Sequence[Sequence]) -> list[Record]:
        """One row of values per design point; a value is a response, or how the trial ended otherwise."""
        return [
            self.record(spec, point.levels, replicate, value)
            for point, row in zip(points, values, strict=True)
            for replicate, value in enumerate(row)
            if value != ABSENT
        ]

    def summarise(self, spec: StudySpec, points: Sequence[DesignPoint], values: Sequence[Sequence], **more) -> Summary:
        return self.summarise_records(spec, points, self.records(spec, points, values), **more)

    def summarise_records(
        self, spec: StudySpec, points: Sequence[DesignPoint], records: Sequence[Record], **more
    ) -> Summary:
        return summarise(spec, points, records, rng=np.random.default_rng(0), **more)


@pytest.fixture
def lab() -> Laboratory:
    return Laboratory()


@pytest.fixture
def contrast() -> Callable[..., Contrast]:
    """Finds the one contrast of a factor (and level)."""

    def find(summary: Summary, factor: str, level: str | None = None) -> Contrast:
        (found,) = (c for c in summary.contrasts if factor in c.levels and level in (None, c.levels[factor]))
        return found

    return find


@pytest.fixture
def point() -> Callable[..., PointSummary]:
    """Finds the one design point that has these levels."""

    def find(summary: Summary, **levels: str) -> PointSummary:
        (found,) = (p for p in summary.points if levels.items() <= dict(p.levels).items())
        return found

    return find
