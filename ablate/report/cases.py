"""What a study asserts, as the cases of a test report: its claims, its identities, and that its trials complete."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ablate.analysis.summary import Summary, Verdict
from ablate.report.tables.verdicts import claim_name
from ablate.report.text.quantity import counted

CaseState = Literal["passed", "failed", "skipped", "error"]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One assertion of a study."""

    name: str
    """The claim or the identity."""
    state: CaseState
    """A claim has passed if it is supported, and if it is `no_worse` and the two are equivalent. It has failed if it is
    contradicted, and is skipped if it is neither. An error is of the trials."""
    heading: str
    """The outcome in a word or two."""
    text: str
    """The verdict in a sentence."""


def cases(summaries: Sequence[Summary]) -> Mapping[str, tuple[Case, ...]]:
    """Study → its cases."""
    return {summary.study: tuple(_of_study(summary)) for summary in summaries}


def _of_study(summary: Summary) -> Iterator[Case]:
    for exact in summary.identities:
        heading = "holds" if exact.holds else "fails"
        state: CaseState = "passed" if exact.holds else "failed"
        yield Case(name=exact.identity.statement, state=state, heading=heading, text=exact.line)
    for verdict in summary.verdicts or summary.later:  # as --fail-on does
        yield Case(
            name=claim_name(verdict.claim),
            state=_state(verdict),
            heading=verdict.heading,
            text=verdict.line,
        )
    if failed := [trial for trial in summary.failures if trial.state != "diverged"]:  # divergence is a result
        yield Case(
            name="trials",
            state="error",
            heading=f"{counted(len(failed), 'trial')} did not complete",
            text="\n".join(f"{trial.id} {trial.state}: {trial.error or ''}".rstrip(": ") for trial in failed),
        )


def _state(verdict: Verdict) -> CaseState:
    if verdict.outcome == "supported" or (verdict.outcome == "equivalent" and verdict.claim.expect == "no_worse"):
        return "passed"
    return "failed" if verdict.outcome == "contradicted" else "skipped"
