"""What claims across data sets rest on: the difference on each, their spread, and ranks."""

from collections.abc import Iterator, Sequence

from ablate.analysis.summary import Across, Interval, Summary, Verdict
from ablate.report.tables.columns.row import Row, interval
from ablate.report.tables.kind import TableKind
from ablate.report.tables.verdicts import claim_name
from ablate.report.text.basis import basis
from ablate.report.text.number import MINUS, Digits, bounds, interval_name, probability, with_interval
from ablate.report.text.table import ABSENT, Column, Table

COLUMNS = ("claim", "response", "factor", "data_set", "n", "mean_arm", "mean_reference")


def data_sets_tables(summary: Summary) -> list[Table]:
    """One for each claim across data sets, stated ones first."""
    return [_table(summary, verdict, across) for verdict, across in _claims(summary)]


def _claims(summary: Summary) -> list[tuple[Verdict, Across]]:
    return [(v, v.across) for v in (*summary.verdicts, *summary.later) if v.across is not None]


def _table(summary: Summary, verdict: Verdict, across: Across) -> Table:
    deltas = [effect.difference for effect in across.sets]
    digits = Digits.fitting([d.value for d in deltas if d], deltas).as_difference()
    aligned = digits.padded(bounds(deltas))
    return Table.of(
        title=f"Over data sets: {claim_name(verdict.claim)}",
        columns=[
            (Column(name=across.factor, key=True, wrap=True), [e.level for e in across.sets]),
            (Column(name="n", justify="right"), [str(e.n) for e in across.sets]),
            (Column(name="means"), [_means(e.mean_arm, e.mean_reference) for e in across.sets]),
            (Column(name=with_interval("Δ", deltas)), [aligned.interval(d) for d in deltas]),
        ],
        caption=(
            f"Δ is the claim's first level − its second on each data set, paired by replicate; {summary.response}, "
            f"{summary.better} is better.",
        ),
        notes=tuple(_notes(verdict, across, digits)),
        basis=basis([effect.n for effect in across.sets], deltas),
    )


def _means(arm: float | None, reference: float | None) -> str:
    found = [f"{value:.4g}".replace("-", MINUS) for value in (arm, reference) if value is not None]
    return ", ".join(found) or ABSENT


def _notes(verdict: Verdict, across: Across, digits: Digits) -> Iterator[str]:
    """The means over data sets and over trainings, how far the data sets differ, and the ranks of all levels."""
    yield from _mean("Over data sets like these, which the verdict is about", verdict.interval, digits)
    yield from _mean("Over other trainings on these very data sets", across.marginal, digits)
    if across.between is not None and across.noise is not None:
        yield (
            f"The true differences vary over data sets with an SD of {across.between:.3g} (by moments); the replicates "
            f"leave each of them a standard error of {across.noise:.3g}."
        )
    if across.signed_rank is not None:
        yield (
            f"Wilcoxon's signed ranks over the data sets: p {probability(across.signed_rank.p)}, two-sided, and "
            f"{probability(across.signed_rank.floor)} at the least."
        )
    ranks = across.ranks
    if ranks is not None:
        listed = ", ".join(f"{level} {rank:.2f}" for level, rank in zip(ranks.levels, ranks.average, strict=True))
        yield f"Mean ranks over {ranks.sets} data sets, 1 is the best: {listed}."
        if ranks.friedman is not None and ranks.critical_difference is not None:
            f = "∞" if ranks.iman_davenport is None else f"{ranks.iman_davenport:.4g}"
            yield (
                f"Friedman's χ² {ranks.friedman:.4g}, p {probability(ranks.friedman_p)}; Iman and Davenport's F {f}, p "
                f"{probability(ranks.iman_davenport_p)}; two mean ranks differ beyond chance (Nemenyi, 5%) by "
                f"{ranks.critical_difference:.3g} or more (Demšar, 2006)."
            )
    if across.limit:
        yield f"{across.limit[:1].upper()}{across.limit[1:]}."


def _mean(of: str, mean: Interval | None, digits: Digits) -> Iterator[str]:
    if mean is not None:
        name = interval_name([mean])
        yield f"{of}: Δ {digits.interval(mean)}{f' ({name})' if name else ''}."


def data_sets_rows(summary: Summary) -> list[Row]:
    """A row for each data set of each claim across data sets."""
    return [
        {
            "claim": claim_name(verdict.claim),
            "response": summary.response,
            "factor": across.factor,
            "data_set": effect.level,
            "n": effect.n,
            "mean_arm": effect.mean_arm,
            "mean_reference": effect.mean_reference,
        }
        | interval("difference", effect.difference)
        | {"difference_sd": effect.sd}
        for verdict, across in _claims(summary)
        for effect in across.sets
    ]


def _data(summary: Summary) -> Sequence[dict[str, object]]:
    return [{"claim": claim_name(verdict.claim), "across": across} for verdict, across in _claims(summary)]


DATA_SETS = TableKind(
    about="claims across data sets: the difference on each, and ranks",
    items=lambda results: data_sets_tables(results.summary),
    rows=lambda results: data_sets_rows(results.summary),
    data=lambda results: {"data_sets": _data(results.summary)},
    present=lambda summary: bool(_claims(summary)),
    columns=COLUMNS,
)
