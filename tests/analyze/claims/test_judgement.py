"""From records to verdicts: planted effects come out, whichever way a claim is put."""

from dataclasses import replace

import numpy as np
import pytest

from ablate.analyze.claims.foresight import foresee
from ablate.analyze.claims.judgement import due
from ablate.analyze.summarise import summarise
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
    assert verdict.needed == 5


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
    assert verdict.line.endswith(says)


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
