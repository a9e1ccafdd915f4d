"""The sentence of a verdict."""

import math

from ablate.analysis.claims.claim import sides, unit, where
from ablate.analysis.summary import TEST_FROM, Verdict

MINUS = "−"
LARGE, SMALL = 1e7, 1e-5
"""Where all numbers of an interval are outside these magnitudes, they are written with an exponent."""


def sentence(verdict: Verdict) -> str:
    """What was found, the difference with its interval, n, what it would take where it is open, means, qualifiers.

    It opens with the outcome; that of a claim of equivalence which is supported reads `equivalent`.
    """
    after = f"exploratory: given after {verdict.claim.after} trials; " if verdict.claim.after else ""
    found = f"{after}{_heading(verdict)}: {_finding(verdict)}; {_numbers(verdict)}"
    if verdict.outcome == "inconclusive" and not _is_constant(verdict) and (more := _more(verdict)):
        found = f"{found}; {more}"
    said = [q for q in verdict.qualifiers if not q.name.endswith(ALREADY_SAID)]
    return "; ".join(
        [found, *filter(None, [_resampled(verdict), _across(verdict), _means(verdict)]), *(q.clause() for q in said)]
    )


ALREADY_SAID = ("exploratory", "untrained", "unreached", "failure-sensitive", ", within the margin")
"""Qualifiers that a line opens with."""


def _heading(verdict: Verdict) -> str:
    heading = verdict.heading
    if verdict.outcome == "supported" and verdict.claim.expect == "equivalent":
        return heading.replace("supported", "equivalent", 1)
    return heading


def _more(verdict: Verdict) -> str:
    """What would decide an open claim; empty where nothing is known to."""
    needed, units = verdict.needed, unit(verdict.claim)
    if verdict.look is not None:
        return "the last look left it open" if needed is None else f"the next look is at n = {needed.low}"
    if needed is None:
        return ""
    if needed.on_margin:
        return f"the truth may lie on the margin, where no number of {units} decides"
    if needed.low is None:
        return f"not even 1000 {units} would probably decide it"
    if needed.high is None:
        return f"{needed.low} {units} or more, perhaps over 1000, would probably decide it"
    range_ = f"{needed.low}" if needed.low == needed.high else f"{needed.low} to {needed.high}"
    is_looked = bool(needed.looks) and not verdict.claim.across
    looks = f", in a study on another seed with looks at {' and '.join(map(str, needed.looks))}" if is_looked else ""
    return f"{range_} {units} would probably decide it{looks}"


def _finding(verdict: Verdict) -> str:
    arm, reference = sides(verdict.claim)
    if verdict.outcome is None:
        return verdict.failures_only or f"a verdict takes {TEST_FROM} {unit(verdict.claim)}"
    if verdict.why_open:
        return f"open whether {_claimed(verdict)}, because {verdict.why_open}"
    if verdict.failure_sensitive:
        return (
            f"whether {_claimed(verdict)} hangs on the diverged trials, {verdict.alone} where they are scored, "
            f"{verdict.survivors} among the survivors only"
        )
    if _is_constant(verdict):
        each = unit(verdict.claim, 1)
        return f"every {each} has the same difference between {arm} and {reference}, which leaves no interval"
    if verdict.outcome == "inconclusive":
        return f"open whether {_claimed(verdict)}{_alone(verdict)}"
    return f"{_FOUND[verdict.outcome](verdict, arm, reference)}{_alone(verdict)}"


def _alone(verdict: Verdict) -> str:
    """How the outcome differs from that without adjustment."""
    if verdict.alone == verdict.outcome:
        return ""
    return f" ({verdict.alone} alone, but not among {verdict.family} claims)"


def _is_constant(verdict: Verdict) -> bool:
    """Whether all differences are equal. In a plan with looks the interval may be there without the evidence."""
    return verdict.evidence is None and (verdict.interval is None or verdict.interval.low is None)


def _claimed(verdict: Verdict) -> str:
    arm, reference = sides(verdict.claim)
    margin = _margin(verdict)
    within = f"{arm} is within ±{margin} of {reference}"
    return {
        "greater": f"{arm} is greater than {reference}",
        "less": f"{arm} is less than {reference}",
        "equivalent": within,
        "value": within,
        "no_worse": f"{arm} is no worse than {reference}, to within {margin}",
    }[verdict.claim.expect] + where(verdict.claim)


def _supported(verdict: Verdict, arm: str, reference: str) -> str:
    if not verdict.strong:
        return _claimed(verdict)
    side = {"greater": "greater", "less": "less", "no_worse": "better"}[verdict.claim.expect]
    return f"{arm} is {side} than {reference} by more than {_margin(verdict)}{where(verdict.claim)}"


def _contradicted(verdict: Verdict, arm: str, reference: str) -> str:
    margin = _margin(verdict)
    differs = f"{arm} differs from {reference} by more than {margin}"
    return {
        "greater": f"{arm} is less than {reference}",
        "less": f"{arm} is greater than {reference}",
        "equivalent": differs,
        "value": differs,
        "no_worse": f"{arm} is worse than {reference} by more than {margin}",
    }[verdict.claim.expect] + where(verdict.claim)


def _equivalent(verdict: Verdict, arm: str, reference: str) -> str:
    claimed = {
        "greater": "where greater was claimed",
        "less": "where less was claimed",
        "no_worse": "and so no worse",
    }[verdict.claim.expect]
    return f"{arm} is within ±{_margin(verdict)} of {reference}{where(verdict.claim)}, {claimed}"


def _margin(verdict: Verdict) -> str:
    """The margin in units of the difference, and of what it is a share."""
    claim = verdict.claim
    if claim.relative:
        return f"{claim.margin_text} (of the baseline's mean)"
    return _plain(claim.margin) if claim.scale == "identity" else f"{_plain(claim.margin)} {claim.scale}"


_FOUND = {"supported": _supported, "contradicted": _contradicted, "equivalent": _equivalent}


def _numbers(verdict: Verdict) -> str:
    n = f"n = {verdict.n} {unit(verdict.claim, verdict.n) if verdict.claim.across else 'paired'}"
    interval = verdict.interval
    delta = "Δ" if verdict.claim.scale == "identity" else f"Δ {verdict.claim.scale}"
    if interval is None:
        return n
    if interval.low is None or interval.high is None:
        return f"{delta} = {_plain(interval.value)}, {n}"
    bounds = interval.low, interval.high
    digits = _digits(bounds, verdict.margin)
    value, low, high = (_signed(f"{x:{digits}}") for x in (interval.value, *bounds))
    return f"{delta} = {value}, {100 * interval.level:.4g}% CI {low} to {high}{_share(verdict)}, {n}"


def _means(verdict: Verdict) -> str:
    """The mean of each side, and what the trivial predictor and a simple one score."""
    means = [_plain(value) for value in (verdict.mean_arm, verdict.mean_reference) if value is not None]
    if not means or verdict.outcome is None:
        return ""
    name = "simple effects" if verdict.claim.interaction else "means" if len(means) > 1 else "mean"
    known = {} if verdict.trivial is None else {"trivial predictor": verdict.trivial}
    beside = ", ".join(f"{predictor} {_plain(score)}" for predictor, score in {**known, **verdict.simple}.items())
    return f"{name} {' and '.join(means)}{f' ({beside})' if beside else ''}"


def _resampled(verdict: Verdict) -> str:
    """What the interval is where the splits overlap, and the outcome where it is another one."""
    found = verdict.resampled
    if found is None or found.interval.low is None or found.interval.high is None:
        return ""
    bounds = found.interval.low, found.interval.high
    low, high = (_signed(f"{x:{_digits(bounds, verdict.margin)}}") for x in bounds)
    other = "" if found.outcome in (None, verdict.outcome) else f", {found.outcome}"
    return f"resampled {100 * found.interval.level:.4g}% CI {low} to {high} (splits overlap){other}"


def _across(verdict: Verdict) -> str:
    """The same on these very data sets, how far the data sets differ, ranks, and what cannot be concluded."""
    found = verdict.across
    if found is None:
        return ""
    parts: list[str] = []
    if found.marginal is not None:
        ends = found.marginal.low, found.marginal.high
        bounds = "" if None in ends else " ({} to {})".format(*(_signed(f"{x:.3g}") for x in ends if x is not None))
        parts.append(f"on these data sets alone {_signed(f'{found.marginal.value:.3g}')}{bounds}")
    if found.between is not None:
        parts.append(f"SD of the true differences over data sets {found.between:.2g}")
    if found.signed_rank is not None:
        parts.append(f"signed-rank p {found.signed_rank.p:.3g}, {found.signed_rank.floor:.3g} at the least")
    return "; ".join([*parts, *filter(None, [found.limit])])


def _digits(bounds: tuple[float, float], margin: float) -> str:
    """The format of an interval's numbers."""
    return f".{_decimals(bounds, margin)}f" if SMALL <= max(map(abs, bounds)) < LARGE else ".2e"


def _share(verdict: Verdict) -> str:
    """The difference as a share of the baseline's mean, which a margin in percent is of."""
    if verdict.share is None:
        return ""
    interval = verdict.share.interval
    bounds = (
        ""
        if interval.low is None or interval.high is None
        else f" ({_signed(f'{100 * interval.low:.3g}')}% to {_signed(f'{100 * interval.high:.3g}')}%)"
    )
    baseline = _plain(verdict.share.baseline)
    return f", which is {_signed(f'{100 * interval.value:.3g}')}%{bounds} of the baseline's mean, {baseline}"


def _decimals(bounds: tuple[float, float], margin: float) -> int:
    """Two significant digits of the interval's half-width, and more where a bound would round onto 0 or the margin."""
    half = (bounds[1] - bounds[0]) / 2
    least = max(0, 1 - math.floor(math.log10(half))) if half > 0 else 0
    for decimals in range(least, least + 3):
        rounded = {x: round(x, decimals) for x in bounds}
        if all(
            (near < limit) == (x < limit) and near != limit
            for x, near in rounded.items()
            for limit in (0, margin, -margin)
        ):
            return decimals
    return least


def _plain(value: float) -> str:
    """A number that has no interval."""
    return _signed(f"{value:.4g}")


def _signed(text: str) -> str:
    """A number with a true minus, and none before a zero."""
    return (text[1:] if float(text) == 0 and text[0] == "-" else text).replace("-", MINUS)
