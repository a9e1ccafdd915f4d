"""A verdict in plain English: what was found, by how much, and on how many replicates; nothing beyond the verdict."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ablate.analysis.claims.claim import unit
from ablate.analysis.summary import Interval, Verdict
from ablate.config.diagnostic import MOMENTS
from ablate.config.spec import Claim, Response
from ablate.config.threshold import UPDATES_TO, counts_updates
from ablate.report.text.number import MINUS, Digits

SPLITS = {"test": "test", "train": "training", "val": "validation"}
CAPITALS = ("mse", "mae", "rmse")
POINTS = "points"
"""Of an accuracy: hundredths."""
FACTOR = "a factor of"
_OPEN = "it is open whether "


@dataclass(frozen=True, kw_only=True)
class Unit:
    """The unit in which a claim's numbers are said, and how many of it the number 1 is."""

    name: str
    factor: float = 1.0
    ratio: bool = False
    """Whether differences of logarithms are said as ratios, each as `a factor of`."""

    def of(self, value: float) -> float:
        """A difference in this unit."""
        return math.exp(value) if self.ratio else value * self.factor

    def scaled(self, interval: Interval) -> Interval:
        """The interval in this unit."""
        low, high = (None if end is None else self.of(end) for end in (interval.low, interval.high))
        return replace(interval, value=self.of(interval.value), low=low, high=high)

    def amount(self, value: float) -> str:
        """A number with its unit, such as `2 points`, `0.05`, `a factor of 1.1`."""
        if self.ratio:
            return f"{FACTOR} {self.of(value):.3g}"
        text = f"{self.of(value):.6g}".replace("-", MINUS)
        name = self.name.removesuffix("s") if text == "1" else self.name
        return f"{text} {name}".strip()


def response_name(name: str) -> str:
    """A response in words: `test/accuracy` is `test accuracy`; `end/dead_units`, `dead units at the end`."""
    split, slash, metric = name.partition("/")
    metric = metric.removeprefix(UPDATES_TO)
    words = metric.upper() if metric in CAPITALS else metric.replace("_", " ")
    if counts_updates(name):
        return f"number of updates to validation {words}"
    if slash and split in MOMENTS:
        return f"{words} at the {split}"
    return f"{SPLITS[split]} {words}" if slash and split in SPLITS else name


def unit_of(claim: Claim, response: Response) -> Unit:
    """Points for a difference of accuracies, the claim's scale where it has one, else the response's own units."""
    if claim.scale != "identity":
        return Unit(name=claim.scale)
    return Unit(name=POINTS, factor=100.0) if response.is_accuracy else Unit(name="")


def said_in(claim: Claim, response: Response) -> Unit:
    """The same, with ratios for differences of logarithms, which a sentence can say."""
    return Unit(name="", ratio=True) if claim.scale == "log" else unit_of(claim, response)


def finding(verdict: Verdict, response: Response) -> tuple[str, str]:
    """The finding on one claim in Markdown: a clause that says what was found, and the numbers behind it.

    Together they have the difference, its interval, the margin, and n.

    Args:
        verdict: of the claim.
        response: that it is about.
    """
    found, margin = _found(verdict, response), _margin(verdict, response)
    return found, _numbers(verdict, response, margin="" if f"margin of {margin}" in found else f", margin {margin}")


def brief(verdict: Verdict, response: Response, *, with_factors: bool = False) -> str:
    """The finding in a few words, in Markdown: `relu` is 39.4 points lower than `linear` at `norm=batch`.

    Where two levels are the same within the margin and the interval has no 0, the difference is said.

    Args:
        verdict: of the claim.
        response: that it is about.
        with_factors: whether levels have their factor, as where claims are about several: `output_activation=relu`.
    """
    claim = verdict.claim
    subject, against, than, same = _compared(claim, with_factors=with_factors)
    held = [f"{factor}={level}" for factor, level in claim.at.items() if claim.value is None]
    where = f" at {_listed(held)}" if held else ""
    if is_open(verdict):
        return f"{subject} {against}{where}: open"
    margin, amount, side = _margin(verdict, response), _amount(verdict, response), _side(verdict)
    by = f"{side} by {amount}" if claim.scale == "log" else f"{amount} {side}"
    if _is_no_worse(verdict):
        return f"{subject} is not worse {than} by {margin}{where}"
    if verdict.outcome == "equivalent" or (verdict.outcome == "supported" and claim.is_equivalence):
        found = f" ({by})" if _excludes_zero(verdict.interval) else ""
        return f"{subject} is {same.format(margin=margin)}{where}{found}"
    return f"{subject} is {by} {than}{where}"


def is_open(verdict: Verdict) -> bool:
    """Whether nothing was found on the claim."""
    return verdict.outcome in (None, "inconclusive")


def _compared(claim: Claim, *, with_factors: bool) -> tuple[str, str, str, str]:
    """What is compared, against what, than what, and how it is said that it is the same within `{margin}`."""
    if claim.value is not None:
        stated = f"the stated {claim.value:g}"
        return _code(claim.place), f"against {stated}", f"than {stated}", f"within {{margin}} of {stated}"
    if claim.interaction:
        (one, other), (first, second) = (
            _levels(factor, levels, with_factor=with_factors) for factor, levels in claim.interaction.items()
        )
        return (
            f"the effect of {one} instead of {other}",
            f"with {first} against that with {second}",
            f"with {first} than with {second}",
            f"with {first} within {{margin}} of that with {second}",
        )
    ((factor, levels),) = claim.contrast.items()
    arm, reference = _levels(factor, levels, with_factor=with_factors)
    return arm, f"against {reference}", f"than {reference}", f"within {{margin}} of {reference}"


def _levels(factor: str, levels: tuple[str, str], *, with_factor: bool) -> tuple[str, str]:
    """Two levels, the first with its factor where that is asked for or a level says nothing alone: `width=64`."""
    one, other = levels
    named = with_factor or any(map(_says_nothing, levels))
    return _code(f"{factor}={one}" if named else one), _code(other)


def _says_nothing(level: str) -> bool:
    return level in ("on", "off", "none", "all", "true", "false") or not any(map(str.isalpha, level))


def _code(text: str) -> str:
    return f"`{text}`"


def _listed(parts: Iterable[str]) -> str:
    return ", ".join(map(_code, parts))


def _side(verdict: Verdict) -> str:
    """The side on which the arm was found."""
    assert verdict.interval is not None
    return "higher" if verdict.interval.value > 0 else "lower"


def _excludes_zero(interval: Interval | None) -> bool:
    """Whether the sign of the difference is known."""
    if interval is None or interval.low is None or interval.high is None:
        return False
    return interval.low > 0 or interval.high < 0


def _is_no_worse(verdict: Verdict) -> bool:
    """Supported as no worse, and no more than that."""
    return verdict.claim.expect == "no_worse" and verdict.outcome == "supported" and not verdict.strong


def _found(verdict: Verdict, response: Response) -> str:
    claim = verdict.claim
    lead, measured, same, differ = _words(claim, response)
    margin = _margin(verdict, response)
    if verdict.outcome is None:
        reason = verdict.failures_only or f"it takes five {unit(claim)} or more"
        return f"{lead}there is no verdict on the {measured}, because {reason}"
    if verdict.outcome == "inconclusive":
        expected = {
            "greater": f"{measured} is higher{differ}",
            "less": f"{measured} is lower{differ}",
            "no_worse": f"{measured} is worse by the margin of {margin}{differ}",
        }.get(claim.expect, f"{measured} {same} within the margin of {margin}")
        return f"{lead}{_OPEN}{expected}{_why_open(verdict)}"
    side = _side(verdict)
    beyond = f"{measured} is {side}{differ} by more than the margin of {margin}"
    within = f"{measured} {same} within the margin of {margin}"
    claimed = {"greater": "higher", "less": "lower", "no_worse": "no worse"}.get(claim.expect, "the same")
    if verdict.outcome == "equivalent":
        text = within if claim.expect == "no_worse" else f"{within}, where {claimed} was claimed"
    elif verdict.outcome == "contradicted":
        by_margin = claim.is_equivalence or claim.expect == "no_worse"
        found = beyond if by_margin else f"{measured} is {side}{differ}"
        text = f"{found}, where {claimed} was claimed"
    elif verdict.strong:
        text = beyond
    elif claim.is_equivalence:
        text = within
    elif claim.expect == "no_worse":
        text = f"{measured} is not worse{differ} by the margin of {margin}"
    else:
        text = f"{measured} is {side}{differ}"
    return f"{lead}{text}"


def _words(claim: Claim, response: Response) -> tuple[str, str, str, str]:
    """What leads the clause, what is measured, and how sameness and a difference are said of it."""
    name, place = response_name(response.name), _at(claim)
    if claim.value is not None:
        stated = _code(f"{claim.value:g}")
        return f"at {_listed(claim.place.split(', '))}, ", name, f"is {stated}", f" than {stated}"
    if claim.interaction:
        (factor, moderator), ((one, other), levels) = claim.interaction.keys(), claim.interaction.values()
        effect = f"the effect on {name} of {_code(one)} in place of {_code(other)} ({_code(factor)}{place})"
        first, second = map(_code, levels)
        where = f" with {first} {{}} with {second} ({_code(moderator)})"
        return "", effect, f"is the same{where.format('as')}", where.format("than")
    ((factor, (one, other)),) = claim.contrast.items()
    lead = f"with {_code(one)} in place of {_code(other)} ({_code(factor)}{place}), "
    return lead, name, "is the same", ""


def _at(claim: Claim) -> str:
    """The setting and the data sets that it speaks of."""
    at = f"; at {_listed(f'{factor}={level}' for factor, level in claim.at.items())}" if claim.at else ""
    return f"{at}; over data sets like those of {_code(claim.across)}" if claim.across else at


def _why_open(verdict: Verdict) -> str:
    if verdict.why_open:
        return f", because {verdict.why_open}"
    if verdict.failure_sensitive:
        return f", because that hangs on the trainings that diverged ({verdict.alone} with them)"
    return ""


def _margin(verdict: Verdict, response: Response) -> str:
    claim = verdict.claim
    if claim.relative:
        return f"{claim.margin_text} of the baseline's mean"
    return said_in(claim, response).amount(claim.margin)


def _amount(verdict: Verdict, response: Response) -> str:
    """The size of the difference, to the digits of its interval; of a ratio below 1, that of the inverse."""
    assert verdict.interval is not None
    of = said_in(verdict.claim, response)
    if of.ratio and verdict.interval.value < 0:
        return of.amount(-verdict.interval.value)
    digits, interval = _digits(verdict, of), of.scaled(verdict.interval)
    return _with_unit(replace(digits, signed=False).number(abs(interval.value)), of)


def _digits(verdict: Verdict, of: Unit) -> Digits:
    """The digits of a verdict's difference and its bounds in a unit."""
    assert verdict.interval is not None
    digits = digits_of(of.scaled(verdict.interval), of.of(verdict.margin))
    return replace(digits, signed=False) if of.ratio else digits


def _with_unit(number: str, of: Unit) -> str:
    return f"{FACTOR} {number}" if of.ratio else f"{number} {of.name}".strip()


def digits_of(interval: Interval, margin: float) -> Digits:
    """As many digits as the interval deserves, and up to two more where a bound would be rounded onto the margin."""
    digits = Digits.fitting([interval.value], [interval]).as_difference()
    ends = [abs(end) for end in (interval.low, interval.high) if end is not None]
    for decimals in range(digits.decimals, digits.decimals + 3):
        near = [round(end, decimals) for end in ends]
        if digits.exponent or all(
            one != margin and (one < margin) == (end < margin) for one, end in zip(near, ends, strict=True)
        ):
            return replace(digits, decimals=decimals)
    return digits


def _numbers(verdict: Verdict, response: Response, *, margin: str) -> str:
    """The difference, its interval, the margin where that is not said yet, and what n counts.

    Of a stated number, that and the mean that was found, too.
    """
    claim, counted = verdict.claim, f"n = {verdict.n} {unit(verdict.claim, verdict.n)}"
    if verdict.interval is None:
        return counted
    of = said_in(claim, response)
    interval, digits = of.scaled(verdict.interval), _digits(verdict, of)
    value = _with_unit(digits.number(interval.value), of)
    if claim.value is not None and verdict.mean_arm is not None:
        decimals = digits.decimals + round(math.log10(of.factor))  # the mean is in the response's units
        found = replace(digits, signed=False, decimals=decimals).number(verdict.mean_arm)
        value = f"found {found}, stated {claim.value:g}, a difference of {value}"
    if interval.low is None or interval.high is None:
        return f"{value} ({counted}{margin})"
    ends = f"{100 * interval.level:.4g}% CI {digits.number(interval.low)} to {digits.number(interval.high)}"
    share = ""
    if verdict.share is not None:
        share = f", {100 * verdict.share.interval.value:+.3g}% of the baseline's mean".replace("-", MINUS)
    return f"{value} ({ends}{share}{margin}; {counted})"
