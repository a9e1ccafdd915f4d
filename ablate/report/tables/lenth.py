"""The table of Lenth's method: which effects of a single replicate stand out of the others."""

from ablate.analysis.summary import Lenth, LenthEffect, Summary
from ablate.report.tables.columns.row import Row
from ablate.report.tables.kind import TableKind
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
        notes.append("Effects joined by = share a column of the fraction: it confounds them.")
    return Table.of(
        title=f"Lenth's method: {summary.response}",
        columns=[
            (Column(name="effect", key=True, wrap=True), [e.aliases or e.name for e in lenth.effects]),
            (Column(name="value", justify="right"), [signed.number(e.value) for e in lenth.effects]),
            (Column(name="beyond"), [_beyond(e) for e in lenth.effects]),
        ],
        caption=(
            "One replicate leaves no error term: an effect is compared with the smaller ones. "
            "There is no p, and all of it is exploratory.",
        ),
        notes=notes,
    )


def _beyond(effect: LenthEffect) -> str:
    if effect.beyond_simultaneous_margin:
        return "ME and SME"
    return "ME" if effect.beyond_margin else "neither"


def lenth_rows(summary: Summary) -> list[Row]:
    """One row for each effect."""
    found = summary.lenth
    if found is None:
        return []
    return [
        {
            "effect": effect.name,
            "response": summary.response,
            "aliases": effect.aliases,
            "value": effect.value,
            "beyond_margin_of_error": effect.beyond_margin,
            "beyond_simultaneous_margin_of_error": effect.beyond_simultaneous_margin,
            "pse": found.pse,
            "margin_of_error": found.margin,
            "simultaneous_margin_of_error": found.simultaneous_margin,
            "margin_of_error_level": found.level,
        }
        for effect in found.effects
    ]


LENTH = TableKind(
    about="which effects of a single replicate stand out of the others",
    items=lambda results: [lenth_table(results.summary, results.summary.lenth)] if results.summary.lenth else [],
    rows=lambda results: lenth_rows(results.summary),
    data=lambda results: {"lenth": results.summary.lenth},
    present=lambda summary: summary.lenth is not None,
    columns=("effect", "response", "aliases", "value"),
)
