"""The verdicts of a study: each stated claim on its contrast, then all of them as one family."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ablate.analysis.claims.averaging import averaged, mean_score
from ablate.analysis.claims.claim import sides
from ablate.analysis.claims.decision import Decision, decided
from ablate.analysis.claims.extension import extension
from ablate.analysis.claims.family import judge
from ablate.analysis.claims.looks import plan
from ablate.analysis.claims.sensitivity import overlap
from ablate.analysis.claims.verdict import failures_only, stated, verdict
from ablate.analysis.effects.comparison import Comparison
from ablate.analysis.effects.contrast import contrasts
from ablate.analysis.effects.data_sets import across, over_data_sets
from ablate.analysis.outcomes.outcome import Outcomes, outcomes
from ablate.analysis.outcomes.resolution import Resolution, examples_of
from ablate.analysis.outcomes.sampling import test_shares
from ablate.analysis.outcomes.scoring import Scores, score, simple_scores
from ablate.analysis.statistics.multiplicity import exploratory_q
from ablate.analysis.statistics.scale import number_on_scale
from ablate.analysis.statistics.student import Values, mean
from ablate.analysis.summary import TEST_FROM, Contrast, Needed, Paired, Verdict
from ablate.config.spec import Claim, StudySpec
from ablate.design import design_of
from ablate.design.claimed import claimed_at
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
        looked: numbers of replicates at which results had been seen before more were added, without a plan of looks.

    Raises:
        DesignError: a claim's contrast cannot be estimated from the design points.
    """
    if spec.looks is not None:
        return tuple(_sequential(spec, points, comparison, claim, resolution) for claim in spec.claims)
    alone = [_alone(spec, points, comparison, claim, resolution, looked=looked) for claim in spec.claims]
    return judge(alone, better=spec.response.better)


def later_verdicts(
    spec: StudySpec, points: Sequence[DesignPoint], comparison: Comparison, resolution: Resolution | None
) -> tuple[Verdict, ...]:
    """What the data say of claims that were added later: each judged by itself, and exploratory.

    With looks too: a plan spends its α on the claims that were stated.

    Raises:
        DesignError: a claim's contrast cannot be estimated from the design points.
    """
    return tuple(_alone(spec, points, comparison, claim, resolution) for claim in spec.later)


def _alone(
    spec: StudySpec,
    points: Sequence[DesignPoint],
    comparison: Comparison,
    claim: Claim,
    resolution: Resolution | None,
    *,
    looked: Sequence[int] = (),
) -> Verdict:
    """The verdict on one claim by itself."""
    estimable = claimed(spec, points, claim)
    contrast = estimated(spec, points, comparison, claim)
    sets = data_sets(spec, points, claim)
    baseline = _baseline(spec, points, comparison) if claim.relative else None
    return verdict(
        claim,
        contrast.paired,
        better=spec.response.better,
        survivors=contrast.survivors,
        resolution=resolution,
        failures_only=failures_only(contrast, claim, bounded=spec.response.trivial is not None)
        or _without_place(comparison.on(claim.scale), claim, estimable, baseline),
        extended=extension(claim, (*looked, spec.replicates)) if looked and not claim.across else None,
        plain=None if claim.scale == "identity" else _contrast(comparison, estimable, sets, value=claim.value).paired,
        baseline=baseline,
        averaged=averaged(spec, points, comparison, claim, estimable),
        trivial=mean_score(comparison.trivial, estimable.rows),
        test_share=None if claim.across else overlap(comparison.test_shares, estimable.rows),
        across=across(spec, points, comparison, claim, estimable=estimable, sets=sets) if claim.across else None,
        simple={
            name: known
            for name, scores in comparison.simple.items()
            if (known := mean_score(scores, estimable.rows)) is not None
        },
    )


def estimated(spec: StudySpec, points: Sequence[DesignPoint], comparison: Comparison, claim: Claim) -> Contrast:
    """The difference that a claim is about, on its scale.

    Where its margin is a share of the baseline's mean, a replicate without the baseline is left out.

    Raises:
        DesignError: it cannot be estimated from the design points.
    """
    compared = comparison.on(claim.scale)
    if claim.relative:
        known = np.isfinite(_baseline(spec, points, comparison))
        compared = replace(compared, scores=np.where(known, compared.scores, np.nan))
    value = None if claim.value is None else number_on_scale(claim.value, claim.scale)
    return _contrast(compared, claimed(spec, points, claim), data_sets(spec, points, claim), value=value)


def _contrast(
    comparison: Comparison, estimable: Estimable, sets: Mapping[str, Estimable], *, value: float | None = None
) -> Contrast:
    """The contrast over the replicates or, where there are some, over data sets."""
    found = comparison.contrast(estimable, value=value)
    return over_data_sets(comparison, found, sets) if sets else found


def data_sets(spec: StudySpec, points: Sequence[DesignPoint], claim: Claim) -> dict[str, Estimable]:
    """Data set → the contrast of a claim on it; none where the claim is about replicates.

    Raises:
        DesignError: the design points of a data set do not carry the contrast.
    """
    if not claim.across:
        return {}
    there = {point.levels[claim.across] for point in points}
    return {
        level: claimed(spec, points, replace(claim, across="", at={**claim.at, claim.across: level}))
        for level in spec.factor(claim.across).levels
        if level in there
    }


def _baseline(spec: StudySpec, points: Sequence[DesignPoint], comparison: Comparison) -> Values:
    """The baseline's scores, shape (replicates,)."""
    row = next(row for row, point in enumerate(points) if point.is_baseline(spec.factors))
    return comparison.scores[row]


def _without_place(comparison: Comparison, claim: Claim, estimable: Estimable, baseline: Values | None) -> str:
    """Why a claim has no verdict on its scale, or with its margin; empty where it has."""
    if comparison.unscaled is not None and (lost := int(np.count_nonzero(comparison.unscaled[list(estimable.rows)]))):
        return f"{lost} of the responses that it compares {'has' if lost == 1 else 'have'} no {claim.scale}"
    known = baseline[np.isfinite(baseline)] if baseline is not None else np.ones(1)
    if len(known) and not mean(known) > 0:
        return f"a margin of {claim.margin_text} is a share of the baseline's mean, which is {mean(known):.3g}"
    return ""


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
        found = decision(spec, estimated(spec, points, compared, claim), claim)
        if found.wanted is not None:
            rows = range(len(points)) if found.look == 0 else claimed(spec, points, claim).rows
            wanted.append((found.wanted, frozenset(rows)))
    n = min((n for n, _ in wanted), default=0)
    return n, frozenset(row for asked, rows in wanted if asked == n for row in rows)


def comparison_of(spec: StudySpec, points: Sequence[DesignPoint], records: Sequence[Record]) -> Comparison:
    """The comparison of a study's design points, with a fixed seed for sign flips: for decisions, not for tables."""
    found = outcomes(spec, points, records)
    return compare(spec, found, score(found, spec.response), seed=0)


def compare(spec: StudySpec, found: Outcomes, scores: Scores, *, seed: int) -> Comparison:
    """The comparison of a study's design points on their scores.

    Args:
        spec: the study.
        found: what its trials yielded.
        scores: of them.
        seed: of the Monte Carlo sign flips.
    """
    return Comparison(
        scores=scores.values,
        diverged=found.diverged,
        better=spec.response.better,
        seed=seed,
        examples=examples_of(spec, found),
        trivial=scores.trivial,
        simple=simple_scores(found, spec.response.name),
        test_shares=test_shares(spec, found),
    )


def _sequential(
    spec: StudySpec,
    points: Sequence[DesignPoint],
    comparison: Comparison,
    claim: Claim,
    resolution: Resolution | None,
) -> Verdict:
    found = decision(spec, estimated(spec, points, comparison, claim), claim)
    # All that a decided look says is of the replicates up to it: later ones change nothing.
    seen = comparison.up_to(found.planned) if found.look else comparison
    fixed = _alone(spec, points, seen, claim, resolution)
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

    With `at`, of an interaction or of a design point, as `claimed_at`.

    Raises:
        DesignError: it cannot be estimated from the design points.
    """
    if not claim.contrast or claim.at:
        found = claimed_at(design_of(spec), spec.factors, points, claim)
        if isinstance(found, str):
            raise DesignError(f"The design points do not carry the claim on {claim.text}. {found}.")
        return found
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
    subjects = [(claim.subject, frozenset(sides(claim)), claim.at.items()) for claim in claims if claim.contrast]

    def is_claimed(contrast: Contrast) -> bool:
        return all(
            any(
                (factor, frozenset((level, contrast.against[factor]))) == (subject, levels)
                and held <= contrast.held.items()
                for subject, levels, held in subjects
            )
            for factor, level in contrast.levels.items()
        )

    has_claim = [is_claimed(contrast) for contrast in contrasts]
    q = iter(exploratory_q([c.paired.p for c, has in zip(contrasts, has_claim, strict=True) if not has]))
    return tuple(replace(c, q=None if has else next(q)) for c, has in zip(contrasts, has_claim, strict=True))


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
