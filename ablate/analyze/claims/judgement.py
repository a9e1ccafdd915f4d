"""The verdicts of a study: each stated claim on its contrast, then all of them as one family."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ablate.analyze.claims.claim import sides
from ablate.analyze.claims.decision import Decision, decided
from ablate.analyze.claims.extension import extension
from ablate.analyze.claims.family import judge
from ablate.analyze.claims.looks import plan
from ablate.analyze.claims.verdict import failures_only, stated, verdict
from ablate.analyze.effects.comparison import Comparison
from ablate.analyze.effects.contrast import contrasts
from ablate.analyze.outcomes.outcome import outcomes
from ablate.analyze.outcomes.resolution import Resolution
from ablate.analyze.outcomes.scoring import score
from ablate.analyze.statistics.multiplicity import exploratory_q
from ablate.analyze.statistics.paired import TEST_FROM
from ablate.analyze.statistics.student import Values
from ablate.analyze.summary import Contrast, Needed, Paired, Verdict
from ablate.config.spec import Claim, StudySpec
from ablate.design.estimable import Estimable, contrast_name
from ablate.design.point import DesignPoint
from ablate.errors import DesignError
from ablate.store.record import Record


def verdicts(
    spec: StudySpec,
    points: Sequence[DesignPoint],
    comparison: Comparison,
    resolution: Resolution | None,
    *,
    looked: Sequence[int] = (),
) -> tuple[Verdict, ...]:
    """What the data say of the claims that the study stated before it ran.

    In a group-sequential plan each claim is decided at its own look, with an equal share of α for every claim.

    Args:
        spec: the study.
        points: its design points.
        comparison: of their scores.
        resolution: of an accuracy.
        looked: replicates at which the study had been looked at when it was extended without a plan.

    Raises:
        DesignError: a claim's contrast cannot be estimated from the design points.
    """
    if spec.looks is not None:
        return tuple(_sequential(spec, points, comparison, claim, resolution) for claim in spec.claims)
    alone = [
        _alone(spec, claim, comparison.contrast(claimed(spec, points, claim)), resolution, looked=looked)
        for claim in spec.claims
    ]
    return judge(alone, better=spec.response.better)


def later_verdicts(
    spec: StudySpec, points: Sequence[DesignPoint], comparison: Comparison, resolution: Resolution | None
) -> tuple[Verdict, ...]:
    """What the data say of claims that were added later: each judged by itself, and exploratory.

    With looks too: a plan spends its α on the claims that were stated.

    Raises:
        DesignError: a claim's contrast cannot be estimated from the design points.
    """
    return tuple(
        _alone(spec, claim, comparison.contrast(claimed(spec, points, claim)), resolution) for claim in spec.later
    )


def _alone(
    spec: StudySpec, claim: Claim, contrast: Contrast, resolution: Resolution | None, *, looked: Sequence[int] = ()
) -> Verdict:
    """The verdict on one claim by itself."""
    return verdict(
        claim,
        contrast.paired,
        better=spec.response.better,
        survivors=contrast.survivors,
        resolution=resolution,
        failures_only=failures_only(contrast, claim, bounded=spec.response.trivial is not None),
        extended=extension(claim, (*looked, spec.replicates)) if looked else None,
    )


def decision(spec: StudySpec, contrast: Contrast, claim: Claim) -> Decision:
    """The state of a claim in the study's group-sequential plan."""
    assert spec.looks is not None
    looks = plan(spec.looks, spec.replicates, alpha=claim.alpha / len(spec.claims))
    survivors = None if contrast.survivors is None else _by_replicate(spec, contrast.survivors)
    return decided(looks, _by_replicate(spec, contrast.paired), claim, better=spec.response.better, survivors=survivors)


def _by_replicate(spec: StudySpec, paired: Paired) -> Values:
    """The differences, shape (replicates,); NaN where there is none."""
    differences = np.full(spec.replicates, np.nan)
    differences[list(paired.replicates)] = paired.differences
    return differences


def due(spec: StudySpec, points: Sequence[DesignPoint], records: Sequence[Record]) -> tuple[int, frozenset[int]]:
    """What a group-sequential plan asks for next, given what has been trained.

    Returns:
        Replicates at the next look of the claims that are open (0: none is), and the rows of the design points that
        these claims compare; all points up to the first look.
    """
    assert spec.looks is not None
    compared = comparison_of(spec, points, records)
    wanted: list[tuple[int, frozenset[int]]] = []
    for claim in spec.claims:
        estimable = claimed(spec, points, claim)
        found = decision(spec, compared.contrast(estimable), claim)
        if found.wanted is not None:
            rows = range(len(points)) if found.look == 0 else (*estimable.arm, *estimable.reference)
            wanted.append((found.wanted, frozenset(rows)))
    n = min((n for n, _ in wanted), default=0)
    return n, frozenset(row for asked, rows in wanted if asked == n for row in rows)


def comparison_of(spec: StudySpec, points: Sequence[DesignPoint], records: Sequence[Record]) -> Comparison:
    """The comparison of a study's design points, with a fixed seed for sign flips: for decisions, not for tables."""
    found = outcomes(spec, points, records)
    return Comparison(
        scores=score(found, spec.response).values, diverged=found.diverged, better=spec.response.better, seed=0
    )


def _sequential(
    spec: StudySpec,
    points: Sequence[DesignPoint],
    comparison: Comparison,
    claim: Claim,
    resolution: Resolution | None,
) -> Verdict:
    estimable = claimed(spec, points, claim)
    found = decision(spec, comparison.contrast(estimable), claim)
    # All that a decided look says is of the replicates up to it: later ones change nothing.
    seen = comparison.up_to(found.planned) if found.look else comparison
    fixed = _alone(spec, claim, seen.contrast(estimable), resolution)
    if fixed.failures_only:
        return replace(fixed, family=len(spec.claims), adjusted=None, look=found.look or None)
    reached = found.n >= TEST_FROM
    at_look = replace(
        fixed,
        outcome=found.outcome if reached else None,
        strong=found.strong,
        alone=found.alone,
        survivors=found.survivors,
        failure_sensitive=found.failure_sensitive,
        interval=found.interval,
        n=found.n,
        sd=found.sd,
        evidence=found.evidence,
        adjusted=None,
        family=len(spec.claims),
        needed=None if found.wanted is None else Needed(low=found.wanted, high=found.wanted),
        look=found.look or None,
    )
    return stated(at_look, better=spec.response.better)


def claimed(spec: StudySpec, points: Sequence[DesignPoint], claim: Claim) -> Estimable:
    """The contrast of a claim: its first level against its second, whichever is the factor's reference.

    Raises:
        DesignError: it cannot be estimated from the design points.
    """
    factor = spec.factor(next(iter(claim.contrast)))
    level, against = sides(claim)
    if level == factor.reference:
        return _swapped(_found(spec, points, factor.name, against, level))
    if against != factor.reference:
        turned = replace(factor, reference=against)
        spec = replace(spec, factors=tuple(turned if f.name == factor.name else f for f in spec.factors))
    return _found(spec, points, factor.name, level, against)


def explored(contrasts: Sequence[Contrast], claims: Sequence[Claim]) -> tuple[Contrast, ...]:
    """Gives every contrast without a claim its q: Benjamini–Hochberg over all of those."""
    stated = {(next(iter(c.contrast)), frozenset(sides(c))) for c in claims}
    free = [c for c in contrasts if not {(f, frozenset((c.levels[f], c.against[f]))) for f in c.levels} <= stated]
    q = dict(zip(map(id, free), exploratory_q([c.paired.p for c in free]), strict=True))
    return tuple(replace(c, q=q.get(id(c))) for c in contrasts)


def _found(spec: StudySpec, points: Sequence[DesignPoint], factor: str, level: str, against: str) -> Estimable:
    for estimable in contrasts(spec, points)[0]:
        if dict(estimable.levels) == {factor: level} and dict(estimable.against) == {factor: against}:
            return estimable
    raise DesignError(f"The design points do not carry the claim on {contrast_name(factor, level, against)}.")


def _swapped(estimable: Estimable) -> Estimable:
    (factor,) = estimable.levels
    return replace(
        estimable,
        name=contrast_name(factor, estimable.against[factor], estimable.levels[factor]),
        levels=estimable.against,
        against=estimable.levels,
        arm=estimable.reference,
        reference=estimable.arm,
    )
