"""Makes the Summary of a study of its records: the entry point of `ablate.analysis`."""

from collections.abc import Collection, Sequence

import numpy as np

from ablate.analysis.claims.judgement import claimed, compare, explored, later_verdicts, verdicts
from ablate.analysis.claims.separation import separated, separation_notes
from ablate.analysis.claims.untrained import Curves, untrained
from ablate.analysis.claims.verdict import leave_open, qualified
from ablate.analysis.effects.contrast import contrasts, point_differences
from ablate.analysis.effects.interaction import interactions
from ablate.analysis.effects.lenth import lenth
from ablate.analysis.effects.lesions import lesions
from ablate.analysis.effects.start import with_starts
from ablate.analysis.effects.variance_table import variance_table
from ablate.analysis.notes.capacity import capacity_notes
from ablate.analysis.notes.convention import convention_notes
from ablate.analysis.notes.costs_out_of_time import costs_out_of_time
from ablate.analysis.notes.costs_without_example import costs_without_example
from ablate.analysis.notes.mixed_code import clause, mixed_code
from ablate.analysis.notes.origin import command, made_by, timed_on
from ablate.analysis.notes.repeated_start import repeated_start
from ablate.analysis.notes.three_way import three_way_notes
from ablate.analysis.notes.tuning import choice_lookup, tuning_notes, tuning_summary, untuned
from ablate.analysis.outcomes.diagnostic import unmeasured
from ablate.analysis.outcomes.outcome import Outcomes, outcomes
from ablate.analysis.outcomes.point import summarise_point
from ablate.analysis.outcomes.resolution import resolution
from ablate.analysis.outcomes.sampling import sampling_notes
from ablate.analysis.outcomes.scoring import score
from ablate.analysis.outcomes.unreached import unreached, unreached_notes, unreached_reason
from ablate.analysis.summary import TEST_FROM, Failure, Interaction, Lenth, Summary, VarianceTable, Verdict
from ablate.config.spec import StudySpec
from ablate.design import DesignPoint, design_of
from ablate.store.choices import Choice
from ablate.store.costs import PointCost, cost_lookup
from ablate.store.record import Record
from ablate.store.starts import PointStart

SCOPE = "Scope: training randomness on this data set and budget, not other data sets."
ACROSS = (
    "Scope: training randomness on these data sets and budget; what is claimed across them speaks of data sets like "
    "these, as far as they are a random sample of such."
)


def summarise(
    spec: StudySpec,
    points: Sequence[DesignPoint],
    records: Sequence[Record],
    *,
    rng: np.random.Generator,
    notes: Sequence[str] = (),
    costs: Sequence[PointCost] = (),
    curves: Curves | None = None,
    looked: Sequence[int] = (),
    kept: Collection[str] = (),
    starts: Sequence[PointStart] = (),
    choices: Sequence[Choice] = (),
) -> Summary:
    """Summarises the records of a study: every design point, every contrast with the reference.

    Args:
        spec: the study.
        points: the design points that its design picked.
        records: of its trials, in any order; matched by levels and replicate.
        rng: for the Monte Carlo sign-flip test above 16 replicates; the same rng gives the same summary.
        notes: of the design; they come first.
        costs: of the design points' networks, in any order; matched by levels.
        curves: of the baseline's trials, by trial id; they say whether it was still learning.
        looked: numbers of replicates at which results had been seen before more were added, without a plan of looks.
        kept: digests of older code, of which trials were kept beside others.
        starts: how the design points' networks start, in any order; matched by levels.
        choices: what tuning has chosen, in any order; matched by levels.

    Raises:
        DesignError: the study names an unknown design.
    """
    if not points:
        return _untrained(spec, notes)
    found = outcomes(spec, points, records)
    scores = score(found, spec.response)
    # One seed for all contrasts: those of the same differences then have the same p, wherever they stand.
    comparison = compare(spec, found, scores, seed=int(rng.integers(2**63)))
    cost_of = cost_lookup(costs)
    tuning = tuning_summary(spec, points, choices)
    chosen = choice_lookup(tuning)
    planned, design_notes = contrasts(spec, points)
    estimated = with_starts(tuple(map(comparison.contrast, planned)), planned, points, starts)
    differences = point_differences(spec, points)
    accuracy_resolution = resolution(spec, found)
    mixed = mixed_code(records, kept=kept)
    reason, unknown = untrained(spec, points, found, scores, curves or {})
    late = unreached(spec.response, found)

    def opened(verdict: Verdict) -> Verdict:
        missed = ""
        if late.any() and verdict.interval is not None:
            missed = unreached_reason(
                claimed(spec, points, verdict.claim),
                late,
                difference=verdict.interval.value,
                is_equivalence=(
                    verdict.claim.is_equivalence
                    or verdict.claim.expect == "no_worse"
                    or verdict.outcome == "equivalent"
                ),
            )
        if not reason and not missed:
            return verdict
        return leave_open(verdict, untrained=reason, unreached=missed, better=spec.response.better)

    def judged(verdicts: Sequence[Verdict]) -> tuple[Verdict, ...]:
        said, better = clause(mixed), spec.response.better
        return tuple(qualified(opened(v), mixed_code=said, untuned=untuned(spec), better=better) for v in verdicts)

    stated = verdicts(spec, points, comparison, accuracy_resolution, looked=looked)
    stated = separated(spec, points, found, judged(stated))
    variance: VarianceTable | None = None
    one_replicate: Lenth | None = None
    crossed: tuple[Interaction, ...] = ()
    factorial_notes: list[str] = []
    if design_of(spec).crosses_factors and len(spec.factors) > 1:
        crossed, interaction_notes = interactions(spec, points, comparison)
        factorial_notes += interaction_notes
        table = variance_table(spec, points, scores.values, pool_above=spec.pool_above)
        if isinstance(table, VarianceTable):
            variance = table
            factorial_notes += three_way_notes(table)
        else:  # why there is none
            factorial_notes.append(table)
        if spec.replicates == 1:
            effects = lenth(spec, points, scores.values)
            if isinstance(effects, Lenth):
                one_replicate = effects
            else:
                factorial_notes.append(effects)
    point_summaries = tuple(
        summarise_point(
            spec,
            point,
            row=row,
            found=found,
            scores=scores.values,
            difference=None
            if difference is None
            else with_starts([comparison.contrast(difference)], [difference], points, starts)[0],
            cost=cost_of(point.levels),
            tuned=chosen(point.levels),
        )
        for row, (point, difference) in enumerate(zip(points, differences, strict=True))
    )
    qualifiers = (
        *notes,
        *tuning_notes(spec, tuning),
        *design_notes,
        *capacity_notes(
            spec.capacity,
            [p.parameters for p in point_summaries],
            baseline=next((p.parameters for p in point_summaries if p.baseline), None),
        ),
        *found.notes,
        *scores.notes,
        *unreached_notes(spec.response, points, late, finished=found.complete | found.diverged),
        *factorial_notes,
    )
    lesioned, lesion_notes = lesions(spec, points, found, comparison)
    conventions = tuple(convention_notes(estimated))
    return Summary(
        study=spec.name,
        question=spec.question,
        answer=spec.answer,
        data=spec.data,
        design=spec.design,
        response=spec.response.name,
        better=spec.response.better,
        replicates=spec.replicates,
        planned=found.response.size,
        complete=int(np.count_nonzero(found.complete)),
        diverged=int(np.count_nonzero(found.diverged)),
        failed=int(np.count_nonzero(found.failed)),
        timed_out=int(np.count_nonzero(found.timed_out)),
        missing=int(np.count_nonzero(found.missing)),
        points=point_summaries,
        contrasts=explored(estimated, spec.claims),
        failures=_failures(found),
        notes=(
            *qualifiers,
            *conventions,
            *separation_notes(stated),
            *sampling_notes(spec, found, accuracy_resolution),
            *unknown,
            *lesion_notes,
            *unmeasured(spec, found),
            *costs_out_of_time(points, costs),
            *costs_without_example(points, costs),
            *repeated_start(starts, spec.replicates),
        ),
        scope=ACROSS if any(claim.across for claim in (*spec.claims, *spec.later)) else SCOPE,
        trivial=spec.response.trivial,
        qualifiers=(*qualifiers, *(conventions if any(c.paired.n < TEST_FROM for c in estimated) else ())),
        verdicts=stated,
        diagnostics=spec.diagnostics,
        later=judged(later_verdicts(spec, points, comparison, accuracy_resolution)),
        variance=variance,
        interactions=crossed,
        lenth=one_replicate,
        lesions=lesioned,
        capacity=spec.capacity,
        tuning=tuning,
        timed_on=timed_on(costs),
        command=command(spec),
        mixed_code=mixed,
        made_by=made_by(records),
    )


def _untrained(spec: StudySpec, notes: Sequence[str]) -> Summary:
    """The summary of a study without design points, which states identities only and trains nothing."""
    return Summary(
        study=spec.name,
        question=spec.question,
        answer=spec.answer,
        design="",
        response="",
        better=spec.response.better,
        replicates=0,
        planned=0,
        complete=0,
        diverged=0,
        failed=0,
        missing=0,
        points=(),
        contrasts=(),
        failures=(),
        notes=tuple(notes),
        scope="",
        qualifiers=tuple(notes),
        command=command(spec),
    )


def _failures(found: Outcomes) -> tuple[Failure, ...]:
    """The trials that did not complete, by design point, then replicate."""
    return tuple(
        Failure(
            id=record.id,
            levels=record.levels,
            replicate=record.replicate,
            state=record.state,
            error=record.error or "",
            traceback=f"trials/{record.id}/traceback.txt" if record.state == "failed" else None,
        )
        for row in found.records
        for record in row
        if record is not None and record.state != "complete"
    )
