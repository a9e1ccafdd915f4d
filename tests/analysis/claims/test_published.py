"""The verdicts of every shipped question, as they were published: the rule still finds them from their numbers."""

import json
import math
from dataclasses import replace

import msgspec
import pytest

from ablate.analysis.claims.evidence import evidence
from ablate.analysis.claims.family import judge
from ablate.analysis.summary import Verdict
from tests import REPOSITORY

STUDIES = json.loads((REPOSITORY / "results/questions/verdicts.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("study", [s for s in STUDIES if s["verdicts"]], ids=lambda s: s["study"])
def test_they_follow_from_mean_sd_and_n(study):
    published = [msgspec.convert(verdict, Verdict) for verdict in study["verdicts"]]
    again = [
        replace(
            verdict,
            evidence=None
            if verdict.evidence is None
            else evidence(
                verdict.claim,
                better=study["better"],
                difference=verdict.interval.value,
                se=verdict.sd / math.sqrt(verdict.n),
                df=verdict.n - 1,
            ),
        )
        for verdict in published
    ]
    for found, before in zip(judge(again, better=study["better"]), published, strict=True):
        if before.untrained or before.unreached:
            continue
        assert (found.outcome, found.strong, found.needed) == (before.outcome, before.strong, before.needed)
        ends = (found.interval.low, found.interval.high, found.interval.level)
        assert ends == pytest.approx((before.interval.low, before.interval.high, before.interval.level))
