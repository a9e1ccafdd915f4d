"""The remark that a study sees one data set only."""

from ablate.analyze.review._base import Judgement, Objection
from ablate.analyze.review.case import Case
from ablate.config.group import Group
from ablate.config.spec import key_of


def judge(case: Case) -> Judgement:
    """Objects where no factor's levels choose the data set."""
    overrides = [o for factor in case.spec.factors for level in factor.levels.values() for o in level]
    if len({override for override in overrides if key_of(override) == "data"}) > 1:
        return None
    target = Group("data", case.spec.settings.get("data")).get("_target_")
    here = str(target).rpartition(".")[2] if target else "digits"
    other = "mnist1d" if here == "digits" else "digits"
    return Objection(
        found="All trials are on one data set: whether the answer holds on another is not said.",
        mend=f"factor.data_set: {{reference: {here}, levels: {{{here}: [data={here}], {other}: [data={other}]}}}}, "
        "and data_set among study.factors",
    )
