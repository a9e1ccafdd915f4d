"""The remark that a claim speaks of an average over settings in which its effect differs."""

from ablate.analysis.claims.judgement import claimed
from ablate.analysis.review._base import Judgement, Objection, Unjudged
from ablate.analysis.review.case import Case, listed
from ablate.analysis.summary import Verdict
from ablate.config.spec import Claim


def judge(case: Case) -> Judgement:
    """Objects where a factor that a claim averages over interacts with the claim's own, by more than the margin."""
    averaging = [claim for claim in case.claims if claim.contrast and _averages(case, claim)]
    if not averaging:
        return None
    if not case.has_results:
        names = listed([claim.text for claim in averaging])
        return Unjudged(why=f"Whether the effect differs between the settings averaged over is not known yet: {names}.")
    notable = {frozenset(one.factors): one.notable for one in case.summary.interactions}
    found: list[str] = []
    mends: list[str] = []
    unknown: list[str] = []
    for verdict in (*case.summary.verdicts, *case.summary.later):
        averaged = verdict.averaged
        if verdict.claim not in averaging or averaged is None:
            continue
        pairs = {other: notable.get(frozenset((verdict.claim.subject, other))) for other in averaged.factors}
        if any(interacts is None for interacts in pairs.values()):
            unknown.append(verdict.claim.text)
        over = [other for other, interacts in pairs.items() if interacts]
        if over and _differs(verdict):
            effects = f", its effects {averaged.range}" if averaged.range else ""
            found.append(f"{verdict.claim.text} averages over {averaged.settings} settings{effects}")
            held = ", ".join(f"{name}: {case.spec.factor(name).reference}" for name in over)
            mends.append(f"at: {{{held}}}")
    if found:
        return Objection(
            found=f"A claim on an average speaks of an effect that depends on the setting: {listed(found)}.",
            mend=f"{mends[0]} in the claim, once for each level; or a claim on the interaction",
        )
    if unknown:
        return Unjudged(why=f"Whether its factor interacts with those averaged over is not known: {listed(unknown)}.")
    return None


def _averages(case: Case, claim: Claim) -> bool:
    return len(claimed(case.spec, case.points, claim).arm) > 1


def _differs(verdict: Verdict) -> bool:
    """Whether the simple effects differ by more than the margin; in a fraction, which has none, they may."""
    assert verdict.averaged is not None
    low, high = verdict.averaged.lowest, verdict.averaged.highest
    return low is None or high is None or high.value - low.value > verdict.margin
