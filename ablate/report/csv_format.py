"""One tidy CSV of points, contrasts and failures: plain numbers at full precision."""

import csv
import io
from collections.abc import Mapping

from ablate.analyze.summary import Contrast, Failure, Interval, Paired, PointSummary, Proportion, Summary
from ablate.report.point_name import PointNames, baseline_levels
from ablate.report.remarks import P_FROM

Cell = str | int | float | bool | None
Row = dict[str, Cell]


def to_csv(summary: Summary) -> str:
    """One row for each point, contrast and failure, told apart by the column `table`.

    A factor's level is in the column `factor.<name>`, the level that it is compared with in `against.<name>`.
    Columns that begin with `survivors` are there where a trial diverged.
    """
    names = PointNames([p.levels for p in summary.points], baseline_levels(summary))
    rows = [
        *(_point(point, names) for point in summary.points),
        *(_contrast(contrast) for contrast in summary.contrasts),
        *(_failure(failure, names) for failure in summary.failures),
    ]
    for row in rows:
        row |= {"study": summary.study, "response": summary.response, "better": summary.better}
    columns = _columns(rows)
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
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
        | _levels("factor", point.levels)
        | _levels("against", against)
        | {"n": len(point.values), "planned": point.planned, "failed": point.failed, "missing": point.missing}
        | _interval("mean", point.mean)
        | {"sd": point.sd}
        | (_paired("difference", point.difference.paired) if point.difference else {})
        | _proportion("diverged", point.diverged)
        | {"parameters": point.parameters, "flops": point.flops, "seconds": point.seconds}
    )


def _contrast(contrast: Contrast) -> Row:
    paired = contrast.paired
    return (
        {"table": "contrast", "name": contrast.name, "kind": contrast.kind}
        | _levels("factor", {**contrast.held, **contrast.levels})
        | _levels("against", {**contrast.held, **contrast.against})
        | {"n": paired.n, "mean": paired.mean_arm, "mean_reference": paired.mean_reference}
        | _paired("difference", paired)
        | (_paired("survivors", contrast.survivors) if contrast.survivors else {})
        | {"diverged_arm": contrast.diverged_arm, "diverged_reference": contrast.diverged_reference}
    )


def _failure(failure: Failure, names: PointNames) -> Row:
    return (
        {"table": "failure", "name": names.of(failure.levels), "id": failure.id}
        | _levels("factor", failure.levels)
        | {
            "replicate": failure.replicate,
            "state": failure.state,
            "error": failure.error,
            "traceback": failure.traceback,
        }
    )


def _paired(prefix: str, paired: Paired) -> Row:
    tested = paired.n >= P_FROM
    flip = paired.sign_flip if tested else None
    cells: Row = {
        "n": paired.n,
        "dropped": paired.dropped,
        "sd": paired.sd,
        "correlation": paired.correlation,
        "wins": paired.wins,
        "ties": paired.ties,
        "losses": paired.losses,
        "t": paired.t if tested else None,
        "p": paired.p if tested else None,
        "sign_flip_p": flip.p if flip else None,
        "sign_flip_floor": flip.floor if flip else None,
        "sign_flip_exact": flip.exact if flip else None,
        "detectable": paired.detectable,
        "identical": paired.identical,
    }
    return (
        _interval(prefix, paired.difference)
        | {f"{prefix}_{name}": cell for name, cell in cells.items()}
        | _proportion(f"{prefix}_better", paired.superiority)
        | _interval(f"{prefix}_welch", paired.welch)
    )


def _levels(prefix: str, levels: Mapping[str, str]) -> Row:
    return {f"{prefix}.{factor}": level for factor, level in levels.items()}


def _interval(prefix: str, interval: Interval | None) -> Row:
    bounded = interval is not None and interval.low is not None
    return {
        prefix: interval.value if interval else None,
        f"{prefix}_low": interval.low if interval else None,
        f"{prefix}_high": interval.high if interval else None,
        f"{prefix}_level": interval.level if interval and bounded else None,
    }


def _proportion(prefix: str, share: Proportion) -> Row:
    return {f"{prefix}_k": share.k, f"{prefix}_n": share.n} | _interval(f"{prefix}_share", share.interval)
