"""The remark that a margin is finer than the test set can tell."""

import math

from ablate.analysis.outcomes.resolution import resolution
from ablate.analysis.review._base import Judgement, Objection, Unjudged
from ablate.analysis.review.case import Case, listed, number
from ablate.config.group import Group
from ablate.store.later_claims import claim_text


def judge(case: Case) -> Judgement:
    """Objects to a margin, on an accuracy, under its binomial SE; before a trial, under that of one test example."""
    response = case.spec.response
    if not response.name.endswith("accuracy") or response.bounds != (0.0, 1.0) or not case.claims:
        return None
    key = "val_size" if response.name.startswith("val") else "test_size"
    planned = Group("data", case.spec.settings.get("data")).get(key)
    seen = resolution(case.spec, case.outcomes) if case.has_results else None
    if seen is not None:
        examples, limit, what = seen.examples, max(seen.se, 1 / seen.examples), "the binomial SE of one accuracy"
    elif isinstance(planned, int) and planned > 0:
        examples, limit, what = planned, 1 / planned, "one example's share"
    else:
        return Unjudged(why="How many examples the response is measured on is not known before a first trial.")
    margins = [(claim, case.margin(claim)) for claim in case.claims]
    fine = [claim for claim, margin in margins if margin is not None and margin < limit]
    if not fine:
        unknown = [claim_text(claim) for claim, margin in margins if margin is None]
        said = f"The margin in units of the response is not known before a first trial: {listed(unknown)}."
        return Unjudged(why=said) if unknown else None
    smallest = min(margin for _, margin in margins if margin is not None)
    enough = 1 / smallest
    if seen is not None:
        enough = max(enough, (seen.se / smallest) ** 2 * examples)
    larger = f"margin: {_up(limit):.2g}"
    return Objection(
        found=f"The margin is under the resolution of the test set, {number(limit)} ({what}, on {examples} examples): "
        f"{listed([claim_text(claim) for claim in fine])}.",
        mend=f"data.{key}: {math.ceil(enough)}; or {larger}" if planned is not None else larger,
    )


def _up(value: float) -> float:
    """The next number above it with one significant digit."""
    unit = 10.0 ** math.floor(math.log10(value))
    return math.ceil(value / unit) * unit
