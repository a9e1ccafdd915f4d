"""The remark that arms differ in their number of parameters."""

from ablate.analysis.review._base import Judgement, Objection, Unjudged
from ablate.analysis.review.case import Case
from ablate.analysis.review.one_data_set import chooses_data
from ablate.config.spec import Capacity

ROUNDING = 1e-9
"""Of a share."""


def judge(case: Case) -> Judgement:
    """Objects where a design point's parameters are not within 2% of the baseline's, or as `study.capacity` says."""
    capacity = case.spec.capacity or Capacity()
    known = {row: count for row, count in enumerate(case.parameters) if count is not None}
    references = {row: known.get(_reference(case, row)) for row in known}
    apart = {row: abs(known[row] - other) / other for row, other in references.items() if other}
    rows = sorted((row for row in apart if apart[row] > capacity.within + ROUNDING), key=lambda row: -apart[row])
    if rows:
        there, reference = known[rows[0]], references[rows[0]]
        assert reference is not None
        furthest = f"{there / reference - 1:+.0%}".replace("-", "−")
        width = "matched" if capacity.width(case.spec.settings.get("model")) else "{matched: model.KEY}"
        return Objection(
            found=f"{len(rows)} of {len(case.points)} design points are not within {100 * capacity.within:g}% of "
            f"the reference's parameters: up to {there:,} against {reference:,}, {furthest} "
            f"({case.names(rows)}). Better may be bigger.",
            mend=f"study.capacity: {width}",
        )
    if not apart:
        return Unjudged(why="The parameters of the baseline are not known.")
    if len(known) < len(case.points):
        unknown = len(case.points) - len(known)
        return Unjudged(why=f"The parameters of {unknown} of {len(case.points)} design points are not known.")
    return None


def _reference(case: Case, row: int) -> int:
    """The row that a point is compared with: the baseline, on the same data set, whose inputs set sizes too."""
    held = {factor.name for factor in case.spec.factors if chooses_data(factor)}
    wanted = {
        factor.name: case.points[row].levels[factor.name] if factor.name in held else factor.reference
        for factor in case.spec.factors
    }
    found = (n for n, point in enumerate(case.points) if dict(point.levels) == wanted)
    return next(found, case.baseline if case.baseline is not None else 0)
