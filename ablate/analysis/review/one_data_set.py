"""The remark that a study sees one data set only."""

from ablate.analysis.review._base import Judgement, Objection
from ablate.analysis.review.case import Case
from ablate.config.group import Group
from ablate.config.spec import Factor, key_of


def chooses_data(factor: Factor) -> bool:
    """Whether its levels are of several data sets."""
    return len({o for level in factor.levels.values() for o in level if key_of(o) == "data"}) > 1


def judge(case: Case) -> Judgement:
    """Objects where no factor's levels choose the data set."""
    if any(chooses_data(factor) for factor in case.spec.factors):
        return None
    target = Group("data", case.spec.settings.get("data")).get("_target_")
    here = str(target).rpartition(".")[2] if target else "digits"
    other = "mnist1d" if here == "digits" else "digits"
    return Objection(
        found="All trials are on one data set: whether the answer holds on another is not said.",
        mend=f"{{data: [{here}, {other}]}} among study.factors",
    )
