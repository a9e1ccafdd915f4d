"""One tidy CSV of all that was estimated, and of failures: plain numbers at full precision."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from ablate.analyze.claims.claim import sides
from ablate.analyze.summary import (
    Contrast,
    Evidence,
    Exactness,
    Failure,
    Interaction,
    Lenth,
    PointSummary,
    Summary,
    VarianceTable,
    Verdict,
)
from ablate.report.formats.csv_cells import Row, interval, levels, paired, proportion
from ablate.report.tables.remarks import P_FROM
from ablate.report.tables.verdicts import claim_name
from ablate.report.text.point_name import PointNames, baseline_levels


def to_csv(summary: Summary) -> str:
    """One row for each thing that the summary says, told apart by the column `table`.

    It is `verdict`, `exploratory` (a verdict on a claim that was given after so many trials), `identity`, `point`,
    `contrast`, `source` (of variance), `interaction`, `simple`, `lenth` or `failure`.

    A factor's level is in the column `factor.<name>`, the level that it is compared with in `against.<name>`.
    Columns that begin with `survivors` are there where a trial diverged.
    """
    names = PointNames([p.levels for p in summary.points], baseline_levels(summary))
    rows = [
        *(_verdict(verdict) for verdict in (*summary.verdicts, *summary.later)),
        *(_identity(exact) for exact in summary.identities),
        *(_point(point, names) for point in summary.points),
        *(_contrast(contrast) for contrast in summary.contrasts),
        *(_sources(summary.variance) if summary.variance else ()),
        *(row for interaction in summary.interactions for row in _interaction(interaction)),
        *(_contrast(simple, "simple") for interaction in summary.interactions for simple in interaction.simple),
        *(_lenth(summary.lenth) if summary.lenth else ()),
        *(_failure(failure, names) for failure in summary.failures),
    ]
    return _written([row | _of(summary) for row in rows])


def verdicts_csv(summaries: Sequence[Summary]) -> str:
    """The verdicts and identities of several studies, a row each, with the study's question and command."""
    return _written(
        [
            row | _of(summary) | {"question": summary.question, "command": summary.command}
            for summary in summaries
            for row in (*map(_identity, summary.identities), *map(_verdict, summary.verdicts))
        ]
    )


def _of(summary: Summary) -> Row:
    return {
        "study": summary.study,
        "response": summary.response,
        "better": summary.better if summary.response else "",
    }


def _written(rows: list[Row]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, _columns(rows), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _columns(rows: list[Row]) -> list[str]:
    """What any row has; what tells rows apart comes first."""
    found = dict.fromkeys(("table", "study", "response", "better", "name", "kind", "id"))
    for row in rows:
        found |= dict.fromkeys(column for column in row if column.startswith(("factor.", "against.")))
    for row in rows:
        found |= dict.fromkeys(row)
    return list(found)


def _point(point: PointSummary, names: PointNames) -> Row:
    against = point.difference.against if point.difference else {}
    return (
        {"table": "point", "name": names.of(point.levels), "baseline": point.baseline}
        | levels("factor", point.levels)
        | levels("against", against)
        | {"n": len(point.values), "planned": point.planned, "failed": point.failed, "missing": point.missing}
        | interval("mean", point.mean)
        | {"sd": point.sd}
        | (paired("difference", point.difference.paired) if point.difference else {})
        | proportion("diverged", point.diverged)
        | {"parameters": point.parameters, "flops": point.flops, "seconds": point.seconds}
        | {f"{name}.{moment}": x for name, found in point.diagnostics.items() for moment, x in found.items()}
        | {"activation_bytes": point.activation_bytes, "latency_seconds": point.latency_seconds, "width": point.width}
    )


def _contrast(contrast: Contrast, table: str = "contrast") -> Row:
    return (
        {"table": table, "name": contrast.name, "kind": contrast.kind}
        | levels("factor", {**contrast.held, **contrast.levels})
        | levels("against", {**contrast.held, **contrast.against})
        | {"n": contrast.paired.n, "mean": contrast.paired.mean_arm, "mean_reference": contrast.paired.mean_reference}
        | paired("difference", contrast.paired)
        | (paired("survivors", contrast.survivors) if contrast.survivors else {})
        | {"diverged_arm": contrast.diverged_arm, "diverged_reference": contrast.diverged_reference}
        | {"q": contrast.q if contrast.paired.n >= P_FROM else None, "aliases": contrast.aliases}
    )


def _failure(failure: Failure, names: PointNames) -> Row:
    return (
        {"table": "failure", "name": names.of(failure.levels), "id": failure.id}
        | levels("factor", failure.levels)
        | {
            "replicate": failure.replicate,
            "state": failure.state,
            "error": failure.error,
            "traceback": failure.traceback,
        }
    )


def _verdict(verdict: Verdict) -> Row:
    claim, why = verdict.claim, verdict.why
    named = why if why and why.separates else None
    (factor,) = claim.contrast
    arm, reference = sides(claim)
    return (
        {"table": "exploratory" if claim.after else "verdict", "name": claim_name(claim), "kind": claim.expect}
        | levels("factor", {factor: arm})
        | levels("against", {factor: reference})
        | {"outcome": verdict.outcome, "strong": verdict.strong, "n": verdict.n}
        | interval("difference", verdict.interval)
        | {"difference_sd": verdict.sd, "margin": claim.margin, "alpha": claim.alpha}
        | {"family": None if claim.after else verdict.family}
        | ({"after": claim.after} if claim.after else {})
        | _evidence("p", verdict.evidence if verdict.n >= P_FROM else None)
        | _evidence("p_holm", verdict.adjusted if verdict.n >= P_FROM else None)
        | {
            "outcome_alone": verdict.alone,
            "outcome_survivors": verdict.survivors,
            "failure_sensitive": verdict.failure_sensitive,
            "needed": verdict.needed,
            "remarks": " ".join(verdict.remarks),
            "line": verdict.line,
            "why": why.line if why else None,
            "why_separates": why.separates if why else None,
            "why_diagnostic": f"{named.diagnostic}.{named.moment}" if named else None,
            "why_arm": named.arm if named else None,
            "why_reference": named.reference if named else None,
            "why_separation": named.separation if named else None,
            "why_floored": named.floored if named else None,
        }
    )


def _identity(exact: Exactness) -> Row:
    identity = exact.identity
    return {
        "table": "identity",
        "name": identity.statement,
        "found": identity.found,
        "expected": identity.expected,
        "difference": exact.difference,
        "tolerance": identity.tolerance,
        "holds": exact.holds,
        "said": identity.said,
        "saying": identity.saying,
        "true_as_said": exact.true_as_said,
        "line": exact.line,
    }


def _evidence(prefix: str, evidence: Evidence | None) -> Row:
    """The p of all that can be found; that of the claim itself is the one of `supported`."""
    found = asdict(evidence) if evidence else {}
    return {f"{prefix}_{name}": found.get(name) for name in ("supported", "contradicted", "equivalent", "strong")}


def _sources(variance: VarianceTable) -> Iterator[Row]:
    for source in (variance.replicate, *variance.effects, variance.residual):
        if source:
            yield {
                "table": "source",
                "name": source.name,
                "kind": "effect" if source.factors else source.name,
                "n": len(variance.replicates),
                "aliases": source.aliases,
                "ss": source.ss,
                "df": source.df,
                "share": source.share,
                "noise_share": source.noise_share,
                "omega_squared": source.omega_squared,
                "f": source.f,
                "p_f": source.p if len(variance.replicates) >= P_FROM else None,
            }


def _interaction(interaction: Interaction) -> Iterator[Row]:
    """Without wins and losses, which mean nothing where Δ is a difference of differences."""
    meaningless = ("_wins", "_ties", "_losses", "_better_k", "_better_n")
    for contrast, q in zip(interaction.contrasts, interaction.q, strict=True):
        row = _contrast(contrast, "interaction")
        kept = {name: cell for name, cell in row.items() if "_better_share" not in name}
        yield {name: cell for name, cell in kept.items() if not name.endswith(meaningless)} | {
            "q": q if contrast.paired.n >= P_FROM else None,
            "notable": interaction.notable,
        }


def _lenth(lenth: Lenth) -> Iterator[Row]:
    for effect in lenth.effects:
        yield {
            "table": "lenth",
            "name": effect.name,
            "aliases": effect.aliases,
            "effect": effect.value,
            "beyond_margin_of_error": effect.beyond_margin,
            "beyond_simultaneous_margin_of_error": effect.beyond_simultaneous_margin,
            "pse": lenth.pse,
            "margin_of_error": lenth.margin,
            "simultaneous_margin_of_error": lenth.simultaneous_margin,
            "margin_of_error_level": lenth.level,
        }
