"""The review of a study: as it is planned, with the results that are there, or as it is on disk."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from ablate.study.networks import examine_networks
from ablate.study.study_plan import plan
from ablate.study.study_summary import records as saved_records

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ablate.analysis.review.review import Review
    from ablate.config.spec import StudySpec
    from ablate.design import DesignPoint
    from ablate.store import Record, StudyDirectory


def review(words: Sequence[str], *, cwd: Path | None = None) -> Review:
    """What a reviewer would say of the study that a request asks for. Nothing is trained or written.

    The networks are built where no trial on disk says how many parameters they have.

    Args:
        words: As in `plan`.
        cwd: As in `plan`.

    Raises:
        AblateError: as `plan`; or a network that does not build.
    """
    from ablate.execute.engines import engine as make_engine
    from ablate.store import StudyDirectory

    planned = plan(words, cwd=cwd)
    directory, points = StudyDirectory(planned.directory), planned.layout.points
    parameters = _parameters(directory, points, planned.records)
    if None in parameters:
        with closing(make_engine(planned.spec.settings.get("engine"))) as engine:
            engine.may_use_gpus = planned.may_use_gpus
            parameters = [cost.parameters for cost in examine_networks(planned, engine)]
    return _review(directory, planned.spec, points, planned.records, parameters)


def review_saved(path: Path) -> Review:
    """What a reviewer would say of a study on disk, as it is there. Nothing is built, trained or written.

    Raises:
        StoreError: there is no study, or it cannot be read.
    """
    from ablate.design import lay_out
    from ablate.store import StudyDirectory

    directory = StudyDirectory(path)
    spec = directory.frozen().spec
    points, records = lay_out(spec).points, tuple(record for record, _ in saved_records(path))
    return _review(directory, spec, points, records, _parameters(directory, points, records))


def _review(
    directory: StudyDirectory,
    spec: StudySpec,
    points: Sequence[DesignPoint],
    records: Sequence[Record],
    parameters: Sequence[int | None],
) -> Review:
    from ablate.analysis.review.case import Case
    from ablate.analysis.review.review import review
    from ablate.store.choices import read_choices
    from ablate.store.curve import read_curve

    case = Case(
        spec=spec,
        points=points,
        parameters=parameters,
        records=records,
        curves={record.id: read_curve(directory, record.id) for record in records},
        choices=read_choices(directory),
    )
    return review(case, study=directory.path.name)


def _parameters(
    directory: StudyDirectory, points: Sequence[DesignPoint], records: Sequence[Record]
) -> list[int | None]:
    """The parameters of each design point's network, as far as its trials or its measured costs say."""
    from ablate.design.point import cell
    from ablate.store.costs import cost_lookup, read_costs

    cost_of = cost_lookup(read_costs(directory))
    counted: Mapping[object, int] = {
        cell(r.levels): r.counts.parameters for r in records if r.counts.parameters is not None
    }
    found: list[int | None] = []
    for point in points:
        cost = cost_of(point.levels)
        found.append(counted.get(cell(point.levels), None if cost is None else cost.parameters))
    return found
