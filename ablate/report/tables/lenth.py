"""The table of Lenth's method: which effects of a single replicate stand out of the others."""

from ablate.analyze.summary import Lenth, LenthEffect, Summary
from ablate.report.text.number import Digits
from ablate.report.text.table import Column, Table


def lenth_table(summary: Summary, lenth: Lenth) -> Table:
    """One row for each effect, in the order of the analysis."""
    digits = Digits.fitting([*(e.value for e in lenth.effects), lenth.margin])
    signed = digits.as_difference()
    level = f"{100 * lenth.level:g}%"
    notes = [
        f"PSE, the pseudo standard error of an effect: {digits.number(lenth.pse)}, taken from the small effects.",
        f"ME, the margin of error of one effect at {level}: {digits.number(lenth.margin)}. SME, that of all "
        f"{len(lenth.effects)} at once: {digits.number(lenth.simultaneous_margin)}.",
    ]
    if any(e.aliases for e in lenth.effects):
        notes.append("Effects joined by = share a column of the fraction and cannot be told apart.")
    return Table.of(
        title=f"Lenth's method: {summary.response}",
        columns=[
            (Column(name="effect", key=True, wrap=True), [e.aliases or e.name for e in lenth.effects]),
            (Column(name="value", justify="right"), [signed.number(e.value) for e in lenth.effects]),
            (Column(name="beyond"), [_beyond(e) for e in lenth.effects]),
        ],
        caption=(
            "One replicate leaves no error term: an effect is held against the smaller ones among its fellows. "
            "There is no p, and all of it is exploratory.",
        ),
        notes=(*notes, summary.scope),
    )


def _beyond(effect: LenthEffect) -> str:
    if effect.beyond_simultaneous_margin:
        return "ME and SME"
    return "ME" if effect.beyond_margin else "neither"
