"""The variance table: the share of each source in the sum of squares, beside the share expected under noise."""

import math
from dataclasses import replace

from ablate.analysis.summary import TEST_FROM, Source, Summary, VarianceTable
from ablate.report.tables.columns.row import Row
from ablate.report.tables.kind import TableKind
from ablate.report.text.number import Digits
from ablate.report.text.quantity import counted
from ablate.report.text.table import ABSENT, Column, Table

_RATIO = Digits(decimals=2)


def variance_table(summary: Summary, variance: VarianceTable) -> Table:
    """One row for each source, in the order of the analysis, and the total."""
    sources = _sources(variance)
    digits = Digits.fitting([variance.ss])
    digits = replace(digits, decimals=digits.decimals + 2)
    share = Digits(decimals=_decimals(sources))
    rest = [ABSENT]
    return Table.of(
        title=f"Variance: {summary.response}",
        columns=[
            (Column(name="source", key=True, wrap=True), [*(s.aliases or s.name for s in sources), "total"]),
            (Column(name="SS", justify="right"), [digits.number(x) for x in (*(s.ss for s in sources), variance.ss)]),
            (Column(name="df", justify="right"), [str(x) for x in (*(s.df for s in sources), variance.df)]),
            (Column(name="F", justify="right"), [_RATIO.number(s.f) for s in sources] + rest),
            (Column(name="share", justify="right"), [_percent(s.share, share) for s in sources] + rest),
            (
                Column(name="expected under\u00a0noise", justify="right"),
                [_percent(s.noise_share, share) for s in sources] + rest,
            ),
            (Column(name="ω²", justify="right"), [_percent(s.omega_squared, share) for s in sources] + rest),
        ],
        caption=_caption(variance),
        notes=_notes(variance),
    )


def _caption(variance: VarianceTable) -> tuple[str, ...]:
    if variance.residual is None:
        return ("Shares only: there is no residual, and so no F and no ω².",)
    if all(s.f is None for s in variance.effects):
        return ("Shares only: replicates differ by rounding alone, and so there is no F and no ω².",)
    return (
        "Two error terms: here F and ω² rest on the pooled residual, which assumes that all cells vary alike; "
        "verdicts, contrasts and interactions rest on each contrast's own t over the replicates, which does not.",
    )


def _notes(variance: VarianceTable) -> list[str]:
    notes = ["Share: of the total SS. Expected under noise: the share that the df alone would bring, df / (N − 1)."]
    if any(s.omega_squared is not None for s in variance.effects):
        notes.append("ω²: the share without the noise in it, never under 0.")
    if variance.pooled:
        notes.append(f"The residual includes, because the study says so: {', '.join(variance.pooled)}.")
    if any(s.aliases for s in variance.effects):
        notes.append("Effects joined by = share a column of the fraction: it confounds them.")
    if variance.dropped:
        notes.append(f"{counted(variance.dropped, 'replicate')} left out whole: a trial is missing.")
    return notes


def _decimals(sources: list[Source]) -> int:
    """Enough for the share that noise gives one degree of freedom."""
    least = min((100 * s.noise_share for s in sources if s.noise_share > 0), default=1.0)
    return max(1, -math.floor(math.log10(least)))


def _percent(share: float | None, digits: Digits) -> str:
    return ABSENT if share is None else f"{digits.number(100 * share)}%"


def variance_rows(summary: Summary) -> list[Row]:
    """One row for each source; the total is their sum."""
    variance = summary.variance
    if variance is None:
        return []
    return [
        {
            "source": source.name,
            "response": summary.response,
            "aliases": source.aliases,
            "ss": source.ss,
            "df": source.df,
            "share": source.share,
            "noise_share": source.noise_share,
            "omega_squared": source.omega_squared,
            "f": source.f,
            "p": source.p if len(variance.replicates) >= TEST_FROM else None,
        }
        for source in _sources(variance)
    ]


def _sources(variance: VarianceTable) -> list[Source]:
    return [s for s in (variance.replicate, *variance.effects, variance.residual) if s]


VARIANCE = TableKind(
    about="what the sum of squares divides into",
    items=lambda results: (
        [variance_table(results.summary, results.summary.variance)] if results.summary.variance else []
    ),
    rows=lambda results: variance_rows(results.summary),
    data=lambda results: {"variance": results.summary.variance},
    present=lambda summary: summary.variance is not None,
    columns=("source", "response", "aliases", "ss", "df", "share", "noise_share", "omega_squared", "f", "p"),
)
