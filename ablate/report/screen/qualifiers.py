"""What qualifies the verdicts of a study, in sentences, the most important first."""

from collections.abc import Iterator
from dataclasses import replace

from ablate.analysis.summary import Summary, Verdict
from ablate.analysis.summary.averaged import AVERAGED
from ablate.report.screen.claim_lines import open_claims
from ablate.report.tables.columns.interaction_warning import misleading
from ablate.report.tables.verdicts import EXPLORATORY, claim_name, qualifier_lines

SAID = ("failure-sensitive", AVERAGED)


def qualifiers(summary: Summary) -> list[str]:
    """None where nothing limits what the verdicts say."""
    found = [line for verdict in (*summary.verdicts, *summary.later) for line in _of(verdict)]
    found += qualifier_lines([_without_repeats(verdict) for verdict in summary.verdicts])
    found += misleading(summary)
    found += [EXPLORATORY] if summary.later else []
    found += _dropped(summary)
    found += summary.qualifiers
    found += open_claims(summary.verdicts)
    return list(dict.fromkeys(found))


def _of(verdict: Verdict) -> Iterator[str]:
    name = claim_name(verdict.claim)
    if verdict.failure_sensitive or verdict.failures_only:
        yield f"{name}: {verdict.line}."
    elif verdict.alone != verdict.outcome and not verdict.why_open:
        yield f"{name}: {verdict.alone} alone, but not among {verdict.family} claims."
    if verdict.look is not None and verdict.outcome == "inconclusive":
        more = (
            "the last look left it open" if verdict.needed is None else f"the next look is at n = {verdict.needed.low}"
        )
        yield f"{name}: {more}."
    for note in verdict.remarks:
        yield f"{name}: {note}"


def _without_repeats(verdict: Verdict) -> Verdict:
    """The verdict without the qualifiers that its own lines say already."""
    return replace(verdict, qualifiers=tuple(q for q in verdict.qualifiers if q.name not in SAID))


def _dropped(summary: Summary) -> Iterator[str]:
    short = [c for c in summary.contrasts if c.paired.dropped]
    if short:
        listed = ", ".join(f"{c.name} ({c.paired.dropped} of {c.paired.n + c.paired.dropped})" for c in short)
        yield f"Replicates are left out where a partner is missing: {listed}."
