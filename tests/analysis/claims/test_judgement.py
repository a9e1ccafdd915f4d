"""From records to verdicts: planted effects come out, whichever way a claim is put."""

import re
from dataclasses import replace

import numpy as np
import pytest

from ablate.analysis.claims.foresight import foresee
from ablate.analysis.claims.judgement import due
from ablate.analysis.summarise import summarise
from ablate.analysis.summary import Needed
from ablate.config.spec import Claim, Factor, Response, StudySpec
from ablate.design import lay_out
from ablate.store.record import Counts, Record


def factor(name: str, *levels: str) -> Factor:
    return Factor(name=name, levels={level: (f"model.{name}={level}",) for level in levels}, reference=levels[0])


SPEC = StudySpec(
    name="planted",
    question="Are planted effects found?",
    design="factorial",
    factors=(factor("a", "low", "high"), factor("b", "off", "on", "full")),
    response=Response(name="test/score", better="higher"),
    replicates=10,
    seed=0,
)


def claim(name: str, level: str, against: str, expect, margin: float = 0.5) -> Claim:
    return Claim(contrast={name: (level, against)}, expect=expect, margin=margin)


def records(spec: StudySpec, effect, *, noise: float = 0.1, replicates: int | None = None) -> list[Record]:
    """Blocks share a large random level, which pairing must take out."""
    rng = np.random.default_rng(7)
    found = []
    for replicate in range(spec.replicates if replicates is None else replicates):
        block = rng.normal(0, 3)
        for index, point in enumerate(lay_out(spec).points):
            found.append(
                Record(
                    id=f"{replicate}-{index}",
                    study=spec.name,
                    levels=dict(point.levels),
                    replicate=replicate,
                    state="complete",
                    responses={"test/score": block + effect(point.levels) + rng.normal(0, noise)},
                    counts=Counts(),
                    seconds=1.0,
                    started="2026-01-01T00:00:00+00:00",
                )
            )
    return found


def summary(spec: StudySpec, found: list[Record]):
    return summarise(spec, lay_out(spec).points, found, rng=np.random.default_rng(0))


def planted(levels) -> float:
    """a raises by 1; b does nothing by itself, but `on` with `high` adds 4."""
    return (levels["a"] == "high") + 4.0 * (levels["a"] == "high" and levels["b"] == "on")


@pytest.mark.parametrize(
    ("stated", "outcome"),
    [
        (claim("a", "high", "low", "greater"), "supported"),
        (claim("a", "low", "high", "less"), "supported"),
        (claim("a", "high", "low", "less"), "contradicted"),
        (claim("a", "high", "low", "equivalent"), "contradicted"),
        (claim("b", "full", "off", "equivalent"), "supported"),
        (claim("b", "full", "off", "greater"), "equivalent"),
        (claim("b", "on", "full", "greater"), "supported"),
        (claim("b", "full", "on", "no_worse"), "contradicted"),
    ],
)
def test_a_planted_effect_gets_its_verdict(stated, outcome):
    spec = replace(SPEC, claims=(stated,))
    (verdict,) = summary(spec, records(spec, planted)).verdicts
    assert verdict.outcome == outcome
    assert verdict.n == 10
    assert verdict.family == 1


def test_a_planted_interaction_is_found_and_no_other():
    found = summary(SPEC, records(SPEC, planted))
    (pair,) = found.interactions
    assert pair.notable
    assert "misleads" in pair.note
    effects = {(c.name, tuple(c.held.items())): c.paired.difference.value for c in pair.simple if c.paired.difference}
    assert effects["a: high vs low", (("b", "off"),)] == pytest.approx(1, abs=0.15)
    assert effects["a: high vs low", (("b", "on"),)] == pytest.approx(5, abs=0.15)
    (silent,) = summary(SPEC, records(SPEC, lambda levels: float(levels["a"] == "high"))).interactions
    assert not silent.notable


def test_shares_add_up_and_the_planted_factor_has_the_largest():
    table = summary(SPEC, records(SPEC, lambda levels: 5.0 * (levels["a"] == "high"))).variance
    assert table is not None
    assert table.replicate is not None
    assert table.residual is not None
    assert sum(e.share for e in table.effects) + table.replicate.share + table.residual.share == pytest.approx(1)
    largest = max(table.effects, key=lambda effect: effect.share)
    assert largest.name == "a"


def test_contrasts_without_a_claim_are_exploratory():
    spec = replace(SPEC, claims=(claim("a", "high", "low", "greater"),))
    contrasts = {c.name: c for c in summary(spec, records(spec, planted)).contrasts}
    assert contrasts["a: high vs low"].q is None
    assert contrasts["b: on vs off"].q is not None


def test_four_replicates_carry_no_verdict():
    spec = replace(SPEC, claims=(claim("a", "high", "low", "greater"),), replicates=4)
    (verdict,) = summary(spec, records(spec, planted)).verdicts
    assert verdict.outcome is None
    assert verdict.needed == Needed(low=5, high=5)


def test_foresight_uses_the_sd_that_is_known():
    spec = replace(SPEC, claims=(claim("a", "high", "low", "greater"),))
    points = lay_out(spec).points
    (unknown,) = foresee(spec, points, [])
    assert "not known before a first trial" in unknown
    (known,) = foresee(spec, points, records(spec, planted, replicates=3))
    assert "from n = 3 so far" in known


def sequential(*claims: Claim) -> StudySpec:
    return replace(SPEC, claims=claims, looks=(5, 7, 10))


def test_a_plan_with_looks_asks_for_more_only_where_a_claim_is_open():
    spec = sequential(claim("a", "high", "low", "greater"), claim("b", "full", "off", "greater", margin=0.001))
    points = lay_out(spec).points
    assert due(spec, points, []) == (5, frozenset(range(6)))
    at_five = records(spec, lambda levels: 50.0 * (levels["a"] == "high"), noise=1.0, replicates=5)
    n, rows = due(spec, points, at_five)
    assert n == 7
    assert {points[row].levels["b"] for row in rows} == {"full", "off"}


def test_a_claim_is_decided_at_its_look_and_later_replicates_change_nothing():
    spec = sequential(claim("a", "high", "low", "greater"))
    found = records(spec, lambda levels: 50.0 * (levels["a"] == "high"), noise=0.5)
    at_five, at_ten = (summary(spec, found[: 6 * n]).verdicts[0] for n in (5, 10))
    assert at_five.outcome == "supported"
    assert (at_five.look, at_five.n) == (1, 5)
    assert at_five.interval == at_ten.interval
    assert due(spec, lay_out(spec).points, found[:30]) == (0, frozenset())


@pytest.mark.parametrize(("replicates", "says"), [(5, "the next look is at n = 7"), (10, "the last look left it open")])
def test_an_open_claim_says_when_it_is_looked_at_again(replicates, says):
    spec = sequential(claim("a", "high", "low", "greater", margin=0.001))
    (verdict,) = summary(spec, records(spec, lambda _: 0.0, noise=1.0, replicates=replicates)).verdicts
    assert verdict.outcome == "inconclusive"
    assert re.search(
        f"paired; {says}; means .* and .*; averaged over: 3 settings of b, effects .*; small n: ", verdict.line
    )


def test_a_look_that_lost_a_replicate_and_has_four_gives_no_verdict():
    spec = sequential(claim("a", "high", "low", "greater"))
    found = [r for r in records(spec, planted, replicates=5) if (r.replicate, r.levels["a"]) != (2, "high")]
    (verdict,) = summary(spec, found).verdicts
    assert (verdict.outcome, verdict.n) == (None, 4)
    assert verdict.line.startswith("no verdict: a verdict takes 5 replicates")


def test_a_claim_given_later_is_judged_apart_and_changes_no_verdict():
    stated = (claim("a", "high", "low", "greater"), claim("b", "on", "off", "greater"))
    spec = replace(SPEC, claims=stated)
    given = replace(claim("b", "full", "off", "equivalent"), after=60)
    alone, both = (summary(s, records(SPEC, planted)) for s in (spec, replace(spec, later=(given,))))
    assert both.verdicts == alone.verdicts
    assert both.contrasts == alone.contrasts, "it leaves the family of exploratory contrasts alone, too"
    (later,) = both.later
    assert (later.outcome, later.family, later.adjusted) == ("supported", 1, later.evidence)
    assert later.line.startswith("exploratory: given after 60 trials; equivalent: full is within ±0.5 of off")
    assert foresee(replace(spec, later=(given,)), lay_out(spec).points, [])[2:] == (
        "exploratory: given after 60 trials; b: full vs off, equivalent, margin 0.5",
    )


def test_a_later_claim_asks_for_no_look():
    spec = replace(sequential(claim("a", "high", "low", "greater")), later=(claim("b", "on", "off", "greater", 0.001),))
    found = records(spec, lambda levels: 50.0 * (levels["a"] == "high"), noise=0.5, replicates=5)
    assert due(spec, lay_out(spec).points, found) == (0, frozenset())
    assert summary(spec, found).later[0].n == 5


BOUNDED = replace(SPEC, response=Response(name="test/accuracy", better="higher", trivial=0.1), replicates=8)


def trained(spec: StudySpec, values: dict[tuple[str, int], float | None], trivial: float | None = None) -> list[Record]:
    """Records of the levels of `a` with b off; None: it diverged."""
    return [
        Record(
            id=f"{level}-{replicate}",
            study=spec.name,
            levels={"a": level} | ({"b": "off"} if len(spec.factors) > 1 else {}),
            replicate=replicate,
            state="diverged" if value is None else "complete",
            responses={spec.response.name: value},
            counts=Counts(),
            seconds=1.0,
            started="2026-01-01T00:00:00+00:00",
            trivial={} if trivial is None else {spec.response.name: trivial},
        )
        for (level, replicate), value in values.items()
    ]


def two_arms(arm, reference) -> dict[tuple[str, int], float | None]:
    return {
        **{("high", r): value for r, value in enumerate(arm)},
        **{("low", r): value for r, value in enumerate(reference)},
    }


LOW = [0.60, 0.62, 0.59, 0.61, 0.63, 0.60, 0.58, 0.61]
HIGH = [0.68, 0.71, 0.69, 0.72, 0.70, 0.69, 0.70, 0.71]


def looked_at(looks, arm, reference=LOW, *, margin=0.02, expect="less"):
    spec = replace(BOUNDED, factors=SPEC.factors[:1], looks=looks, claims=(claim("a", "high", "low", expect, margin),))
    found = trained(spec, two_arms(arm, reference))
    (verdict,) = summary(spec, found).verdicts
    return spec, found, verdict


def test_looks_with_divergence_have_one_outcome_everywhere():
    """Scored, every trial of the arm but two is far above the reference; those two diverged."""
    spec, found, verdict = looked_at((6, 8), [None, None, *HIGH[2:]], expect="less")
    assert verdict.survivors == "contradicted"
    assert (verdict.alone, verdict.failure_sensitive) == ("inconclusive", True)
    assert (verdict.outcome, verdict.heading) == ("inconclusive", "inconclusive (failure-sensitive)")
    assert verdict.line.startswith("inconclusive (failure-sensitive): whether high is less than low hangs on")
    assert (verdict.look, verdict.n, verdict.needed) == (2, 8, None)
    assert due(spec, lay_out(spec).points, found) == (0, frozenset())


def test_a_look_at_which_the_survivors_say_otherwise_is_followed_by_the_next():
    arm = [None, None, *HIGH[2:7]]
    spec, found, verdict = looked_at((7, 8), arm, LOW[:7])
    assert (verdict.outcome, verdict.look, verdict.needed) == ("inconclusive", 1, Needed(low=8, high=8))
    assert verdict.failure_sensitive
    assert "; the next look is at n = 8" in verdict.line
    assert due(spec, lay_out(spec).points, found) == (8, frozenset({0, 1}))


def test_all_numbers_of_a_decided_look_are_of_that_look():
    spec, _, verdict = looked_at((5, 8), [*HIGH[:5], None, 0.2, None], margin=0.01, expect="greater")
    (alone,) = summary(replace(spec, looks=(5,), replicates=5), trained(spec, two_arms(HIGH[:5], LOW[:5]))).verdicts
    assert (verdict.outcome, verdict.look, verdict.n) == ("supported", 1, 5)
    assert verdict.p == pytest.approx(alone.p)
    assert verdict.sd == pytest.approx(alone.sd)
    assert (verdict.survivors, verdict.failure_sensitive, verdict.remarks) == (None, False, ())


def unbounded(arm, reference, trivial: float | None = 1.0, **others):
    spec = replace(
        SPEC,
        factors=(factor("a", "low", "high", *others),),
        design="one_at_a_time",
        response=Response(name="test/mse", better="lower"),
        replicates=8,
        claims=(claim("a", "high", "low", "greater", 0.05),),
    )
    values = two_arms(arm, reference) | {(name, r): v for name, row in others.items() for r, v in enumerate(row)}
    (verdict,) = summary(spec, trained(spec, values, trivial)).verdicts
    return verdict


def test_an_unrelated_arm_never_enters_a_claim():
    arm, reference = [None, *HIGH[1:]], LOW
    alone, beside = (unbounded(arm, reference, **more) for more in ({}, {"wild": [1e6] * 8}))
    assert alone.outcome == "supported"
    assert (beside.outcome, beside.interval, beside.line) == (alone.outcome, alone.interval, alone.line)


def test_fewer_than_five_survivors_of_an_unbounded_response_leave_the_failure_rate():
    few = unbounded([None] * 4 + HIGH[4:], LOW)
    assert (few.outcome, few.alone, few.p, few.needed) == (None, None, None, None)
    assert few.line.startswith(
        "no verdict: an unbounded response takes 5 surviving replicates in each arm; of trainings, high diverged in 4 "
        "of 8 (95% CI 16% to 84%), low diverged in 0 of 8 (95% CI 0% to 37%); Δ = "
    )
    enough = unbounded([None] * 3 + HIGH[3:], LOW)
    assert enough.outcome is not None


def test_diverged_trials_that_nothing_stands_in_for_leave_no_verdict():
    found = unbounded([None, *HIGH[1:]], LOW, trivial=None)
    assert found.outcome is None
    assert found.line.startswith("no verdict: diverged trainings have no score; of trainings, high diverged in 1 of 8")
