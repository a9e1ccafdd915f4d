"""The review of a study: every check of the list, judged."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ablate.analysis.review._base import Check, Remark, Unjudged
from ablate.analysis.review.case import Case
from ablate.analysis.review.registry import CHECKS, check_accepted


@dataclass(frozen=True, kw_only=True)
class Review:
    """What a reviewer would say of a study."""

    study: str
    question: str
    remarks: tuple[Remark, ...]
    """In the order of the checklist; what there is nothing to say of is left out."""
    clear: tuple[str, ...]
    """The checks without a remark."""
    needless: tuple[str, ...]
    """Names that the study accepts without need: there is no such remark on it."""

    @property
    def open(self) -> tuple[Remark, ...]:
        """The remarks that are neither mended nor accepted."""
        return tuple(remark for remark in self.remarks if remark.state == "open")


def review(case: Case, *, study: str, checks: Mapping[str, Check] = CHECKS) -> Review:
    """Judges a study by the checklist; one without design points trains nothing, and gets no remark.

    Args:
        case: the study, with the results that are there.
        study: what the results are found by.
        checks: by name.

    Raises:
        ConfigError: the study accepts what is no remark, or without a reason.
        DesignError: the design points do not carry a claim.
    """
    check_accepted(case.spec)
    remarks = tuple(_judged(case, checks)) if case.points else ()
    named = {remark.name for remark in remarks}
    clear = tuple(name for name in checks if name not in named) if case.points else ()
    return Review(
        study=study,
        question=case.spec.question,
        remarks=remarks,
        clear=clear,
        needless=tuple(name for name in case.spec.accepted if name not in named),
    )


def _judged(case: Case, checks: Mapping[str, Check]) -> Iterator[Remark]:
    for name, check in checks.items():
        reason = case.spec.accepted.get(name, "")
        judgement = check.judge(case)
        if isinstance(judgement, Unjudged):
            yield Remark(name=name, state="not judged", found=judgement.why, reason=reason)
        elif judgement is not None:
            state = "accepted" if reason else "open"
            yield Remark(name=name, state=state, found=judgement.found, mend=judgement.mend, reason=reason)
