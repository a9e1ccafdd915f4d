"""The remark that arms differ in their number of parameters."""

from ablate.analyze.review._base import Judgement, Objection, Unjudged
from ablate.analyze.review.case import Case
from ablate.config.spec import Capacity


def judge(case: Case) -> Judgement:
    """Objects where a design point's parameters are not within 2% of the baseline's, or as `study.capacity` says."""
    capacity = case.spec.capacity or Capacity()
    known = {row: count for row, count in enumerate(case.parameters) if count is not None}
    against = case.baseline if case.baseline is not None else 0
    reference = known.get(against)
    if not reference:
        return Unjudged(why="The parameters of the baseline are not known.")
    apart = {row: abs(count - reference) for row, count in known.items()}
    rows = sorted((r for r, more in apart.items() if more > capacity.within * reference), key=lambda r: -apart[r])
    if rows:
        furthest = f"{known[rows[0]] / reference - 1:+.0%}".replace("-", "−")
        width = "matched" if capacity.width(case.spec.settings.get("model")) else "{matched: model.KEY}"
        return Objection(
            found=f"{len(rows)} of {len(case.points)} design points are not within {100 * capacity.within:g}% of "
            f"the reference's parameters: up to {known[rows[0]]:,} against {reference:,}, {furthest} "
            f"({case.names(rows)}). Better may be bigger.",
            mend=f"study.capacity: {width}",
        )
    if len(known) < len(case.points):
        unknown = len(case.points) - len(known)
        return Unjudged(why=f"The parameters of {unknown} of {len(case.points)} design points are not known.")
    return None
