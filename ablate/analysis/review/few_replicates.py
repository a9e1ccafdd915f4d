"""The remark that there are too few replicates for a claim's margin."""

from ablate.analysis.claims.foresight import Prospect, prospects
from ablate.analysis.claims.outlook import TARGET_POWER
from ablate.analysis.review._base import Judgement, Objection, Unjudged
from ablate.analysis.review.case import Case, listed
from ablate.analysis.summary import TEST_FROM, Verdict


def judge(case: Case) -> Judgement:
    """Objects where the power for the margin is under 80%, or no verdict can be had; not to what is decided by far.

    A claim across data sets is left out: it counts data sets, not replicates.
    """
    judged = case.summary.verdicts if case.has_results else ()
    decided = [verdict.claim.stated for verdict in judged if _is_beyond_doubt(verdict)]
    found = [
        each
        for each in prospects(case.spec, case.points, case.records)
        if each.claim.stated not in decided and not each.claim.across
    ]
    few = [each for each in found if _is_few(each)]
    if not few:
        unknown = [each.claim.text for each in found if each.sd is None]
        if unknown:
            return Unjudged(
                why=f"The SD that decides how many replicates a margin takes is not known yet: {listed(unknown)}."
            )
        return None
    wanted = [TEST_FROM if each.outlook is None else each.outlook.suggested for each in few]
    enough = [n for n in wanted if n is not None]
    mend = f"replicates: {max(enough)}" if len(enough) == len(few) else "a wider margin: 1000 replicates are too few"
    return Objection(
        found=f"{case.spec.replicates} replicates are too few for the margin: {listed([_text(each) for each in few])}.",
        mend=mend,
    )


def _is_beyond_doubt(verdict: Verdict) -> bool:
    """Whether the data left no room for chance to have helped: decided by intervals that are clear of the margin."""
    if verdict.strong or verdict.outcome in ("equivalent", "contradicted"):
        return True
    return verdict.outcome == "supported" and verdict.claim.expect in ("equivalent", "value", "no_worse")


def _is_few(prospect: Prospect) -> bool:
    if prospect.outlook is None:
        return True
    return prospect.sd is not None and prospect.outlook.shown < TARGET_POWER


def _text(prospect: Prospect) -> str:
    name = f"{prospect.claim.text}, {prospect.claim.expect}"
    if prospect.outlook is None:
        return f"{name} can have no verdict before {TEST_FROM}"
    return f"{name} is shown with probability {prospect.outlook.shown:.0%} (margin {prospect.margin_sd:.2g} SD)"
