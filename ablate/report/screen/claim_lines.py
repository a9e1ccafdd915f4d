"""The verdicts of a study, one line for each claim."""

from collections import Counter
from collections.abc import Callable, Sequence

from ablate.analysis.claims.claim import sides, where
from ablate.analysis.summary import Averaged, Verdict
from ablate.config.spec import Claim, Expectation
from ablate.report.tables.verdicts import TONES, claim_name, needed
from ablate.report.text.cut import cut
from ablate.report.text.line import Line, Span
from ablate.report.text.number import MINUS, Digits, bounds
from ablate.report.text.point_name import is_descriptive
from ablate.report.text.table import ABSENT
from ablate.report.text.wrap import widest

GAP = 2
INDENT = 2
_MIN_CLAIM_CELLS = 26
"""Width of a claim below which its numbers go to a line of their own."""
MAX_CLAIMS_WITH_RANGE = 8
"""Number of claims up to which each has a line for what it is averaged over."""
MAX_CLAIMS_WITH_TWO_LINES = 4
"""Number of claims up to which each may have two further lines; of more, each may have one."""
_SIGNS: dict[Expectation, str] = {"greater": ">", "less": "<", "equivalent": "≈", "value": "≈"}
_SHORT = {"failure-sensitive": "failures", ", within the margin": "", "strong; ": "strong, "}
"""What a heading has room for on a screen; what it leaves out stands below."""


def heading(verdicts: Sequence[Verdict]) -> str:
    """What the numbers of the lines are, and what the lines have in common."""
    levels = {v.interval.level for v in verdicts if v.interval is not None and v.interval.low is not None}
    by_holm = _is_shared(verdicts, lambda v: v.claim.alpha) and verdicts[0].family > 1
    several = "t interval at the level of Holm" if by_holm else "interval at level 1 − 2α"
    name = f"{100 * levels.pop():.4g}% t interval" if len(levels) == 1 else several if levels else ""
    parts = [f"Δ, first − second [{name}]" if name else "Δ, first − second"]
    parts += [f"n = {_counted(verdicts[0])}"] if _is_shared(verdicts, _counted) else []
    parts += [f"margin {verdicts[0].claim.margin_text}"] if _is_shared(verdicts, lambda v: v.claim.margin_text) else []
    return "; ".join([", ".join(parts), *_averaged_alike(verdicts), *_overlapping(verdicts)])


def _overlapping(verdicts: Sequence[Verdict]) -> list[str]:
    """What the resampled intervals are, of which each claim has its own."""
    if not any(v.resampled for v in verdicts):
        return []
    return [
        f"resampled: for splits that overlap{'' if len(verdicts) <= MAX_CLAIMS_WITH_RANGE else ': --table verdicts'}"
    ]


def _resampled(verdict: Verdict, digits: Digits) -> str:
    """The interval where splits overlap, with the outcome where it is another one."""
    found = verdict.resampled
    if found is None:
        return ""
    low, high = found.interval.low, found.interval.high
    other = "" if found.outcome in (None, verdict.outcome) else f", {found.outcome}"
    return f"resampled [{digits.number(low)}, {digits.number(high)}]{other}"


def _further(resampled: str, over: str, brief: str, room: int, *, lines: int) -> list[str]:
    """What a claim has to say on further lines: on one where there is room, or only one is left.

    Args:
        resampled: the interval where splits overlap.
        over: what the claim is averaged over.
        brief: the same for where there is no room for all of it.
        room: of a line.
        lines: that there are.
    """
    said = [text for text in (resampled, over) if text]
    joined = "; ".join(said)
    if len(said) < 2 or widest([joined]) <= room:
        return [joined] * bool(said)
    return [f"{resampled}; {brief}"] if lines == 1 else said


def _counted(verdict: Verdict) -> str:
    """What n counts: pairs of trainings, or data sets."""
    return f"{verdict.n} data sets" if verdict.claim.across else f"{verdict.n} paired"


def _averaged_alike(verdicts: Sequence[Verdict]) -> list[str]:
    """What all claims are averaged over, where that is the same; the range of the effects is each claim's."""
    found = verdicts[0].averaged
    if found is None or not _is_shared(verdicts, _over):
        return []
    more = "" if len(verdicts) <= MAX_CLAIMS_WITH_RANGE else "; ranges: --table verdicts"
    return [f"each over {found.settings} settings{_ends(found)}{more}"]


def _over(verdict: Verdict) -> object:
    """Over what a claim is averaged, the range of the effects apart."""
    over = verdict.averaged
    return None if over is None else (over.settings, over.cells, over.at_floor, over.at_ceiling)


def _ends(over: Averaged) -> str:
    counts = [
        f"{count} at {end}"
        for end, count in (("floor", over.at_floor), ("ceiling", over.at_ceiling))
        if count is not None
    ]
    return f"; of {over.cells} cells {', '.join(counts)}" if counts else ""


def _range(verdict: Verdict, *, alike: bool, counts: bool = True) -> str:
    """What a claim is averaged over, with the range of its effects; what all claims share is in the heading."""
    over = verdict.averaged
    if over is None:
        return ""
    if alike:
        return f"effects {over.range}" if over.range else ""
    return f"over {over.settings} settings{f': {over.range}' if over.range else ''}{_ends(over) if counts else ''}"


def claim_lines(
    verdicts: Sequence[Verdict], width: int, *, ascii_only: bool, in_charset: Callable[[str], str]
) -> list[list[Line]]:
    """The lines of each verdict: one, a second where a line has no room for its numbers, one for an average's range.

    Where a claim holds (`at` levels of other factors) has a line of its own where the first has no room for it.

    Args:
        verdicts: there must be one.
        width: in cells.
        ascii_only: whether only ASCII may be used.
        in_charset: writes a text in the characters that may be used.
    """
    intervals = [v.interval for v in verdicts]
    digits = Digits.fitting([i.value for i in intervals if i], intervals).as_difference()
    aligned = digits.padded(bounds(intervals))
    numbers = [ABSENT if i is None else aligned.interval(i) for i in intervals]
    if not _is_shared(verdicts, _counted):
        numbers = _side_by_side(numbers, [f"n = {v.n}{' data sets' if v.claim.across else ''}" for v in verdicts])
    if not _is_shared(verdicts, lambda v: v.claim.margin_text):
        numbers = _side_by_side(numbers, [f"margin {v.claim.margin_text}" for v in verdicts])
    numbers = [in_charset(text) for text in numbers]
    found = [in_charset(_shortened(v.heading)) for v in verdicts]
    room = width - INDENT - GAP - widest(found)
    wide = room - GAP - widest(numbers)
    one_line = wide >= _MIN_CLAIM_CELLS
    room = wide if one_line else room
    names = [in_charset(claim_name(v.claim)) for v in verdicts]
    if widest(names) > room:
        names = [in_charset(_in_signs(v.claim)) for v in verdicts]
    places = [""] * len(verdicts)
    if widest(names) > room and one_line and len(verdicts) <= MAX_CLAIMS_WITH_RANGE:
        places = [in_charset(where(v.claim).strip()) for v in verdicts]
        names = [in_charset(_in_signs(v.claim).removesuffix(where(v.claim))) for v in verdicts]
    if widest(names) > room:
        names = _without_factors(names, [v.claim for v in verdicts], room)
    names = [cut(name, room, ascii_only=ascii_only) for name in names]
    lines: list[list[Line]] = []
    alike = _is_shared(verdicts, _over)
    indent = " " * 2 * INDENT
    for verdict, name, place, word, text in zip(verdicts, names, places, found, numbers, strict=True):
        named = Span(text=f"{' ' * INDENT}{name}{' ' * (widest(names) - widest([name]) + GAP)}")
        said = Span(text=word, style=TONES.get(verdict.outcome, ""))
        filled = " " * (widest(found) - len(word) + GAP)
        lines.append(
            [(named, said, Span(text=f"{filled}{text}"))]
            if one_line
            else [(named, said), (Span(text=f"{indent}{text}"),)]
        )
        if len(verdicts) > MAX_CLAIMS_WITH_RANGE:
            continue
        further = _further(
            in_charset(_resampled(verdict, digits)),
            in_charset(_range(verdict, alike=alike)),
            in_charset(_range(verdict, alike=alike, counts=False)),
            width - len(indent),
            lines=2 if one_line and len(verdicts) <= MAX_CLAIMS_WITH_TWO_LINES else 1,
        )
        if place:
            joined = "; ".join((place, *further))
            further = [joined] if widest([joined]) <= width - len(indent) else [place, *further]
        for entry in further:
            shown = cut(entry, width - len(indent), ascii_only=ascii_only)
            lines[-1].append((Span(text=f"{indent}{shown}", style="faint"),))
    return lines


def _shortened(heading: str) -> str:
    for long, short in _SHORT.items():
        heading = heading.replace(long, short)
    return heading


def _in_signs(claim: Claim) -> str:
    """A claim with a sign for its words, where there is little room: `head: gap ≈ fc`."""
    if claim.expect not in _SIGNS:
        return claim_name(claim)
    arm, reference = sides(claim)
    if claim.interaction:
        (one, other), (first, second) = claim.interaction.values()
        difference = f"{claim.subject}: {one} {MINUS} {other}"
        return f"{difference}, {first} {_SIGNS[claim.expect]} {second}{where(claim)}"
    subject = "" if claim.value is not None else f"{claim.subject}: "
    return f"{subject}{arm} {_SIGNS[claim.expect]} {reference}{where(claim)}"


def _without_factors(names: Sequence[str], claims: Sequence[Claim], room: int) -> list[str]:
    """Names; those too wide without the factor, where levels mean something alone and no other claim reads like it."""
    brief = [name.partition(": ")[2] for name in names]
    shared = Counter(brief)
    return [
        short if widest([name]) > room and shared[short] == 1 and _is_telling(claim) else name
        for claim, name, short in zip(claims, names, brief, strict=True)
    ]


def _is_telling(claim: Claim) -> bool:
    """Whether the levels that a claim compares mean something without their factors."""
    pairs = [*claim.contrast.values(), *claim.interaction.values()]
    return bool(pairs) and all(is_descriptive(arm) for arm, _ in pairs)


def _is_shared(verdicts: Sequence[Verdict], of: Callable[[Verdict], object]) -> bool:
    return len({of(verdict) for verdict in verdicts}) == 1


def _side_by_side(cells: Sequence[str], others: Sequence[str]) -> list[str]:
    """Two columns as one."""
    room = widest(cells)
    return [f"{cell}{' ' * (room - widest([cell]) + GAP)}{other}" for cell, other in zip(cells, others, strict=True)]


def open_claims(verdicts: Sequence[Verdict]) -> list[str]:
    """How many replicates would probably decide the open claims, in one sentence; none where no claim is open."""
    undecided = [v for v in verdicts if v.needed is not None and v.look is None]
    listed = "; ".join(
        f"{needed(v.needed)} for {claim_name(v.claim)}" for v in undecided if v.needed and not v.needed.on_margin
    )
    marginal = "; ".join(claim_name(v.claim) for v in undecided if v.needed and v.needed.on_margin)
    return [
        *([f"Replicates that would probably (80%) decide what is open: {listed}."] if listed else []),
        *([f"The truth may lie on the margin, where no number of replicates decides: {marginal}."] if marginal else []),
    ]
