"""What is said of a study, in order, whatever it is written in."""

from ablate.analyze.summary import Summary
from ablate.report.tables.contrasts import contrast_tables
from ablate.report.tables.failures import failures_table
from ablate.report.tables.identities import identities_count, identities_table
from ablate.report.tables.interactions import interaction_tables, misleading
from ablate.report.tables.lenth import lenth_table
from ablate.report.tables.points import points_table
from ablate.report.tables.variance import variance_table
from ablate.report.tables.verdicts import verdict_items
from ablate.report.text.point_name import PointNames, baseline_levels
from ablate.report.text.quantity import counted
from ablate.report.text.table import Block, Item


def document(summary: Summary) -> tuple[Item, ...]:
    """The study and its verdicts, then what they rest on, what did not complete, and what made it all."""
    names = PointNames([p.levels for p in summary.points], baseline_levels(summary))
    items: list[Item] = [_study(summary), *verdict_items(summary)]
    if summary.identities:
        items.append(identities_table(summary))
    if summary.points:
        items.append(points_table(summary, names))
    items += contrast_tables(summary, names, misleading(summary))
    if summary.variance:
        items.append(variance_table(summary, summary.variance))
    items += interaction_tables(summary)
    if summary.lenth:
        items.append(lenth_table(summary, summary.lenth))
    if summary.failures:
        items.append(failures_table(summary, names))
    if summary.notes:
        items.append(Block(title="Notes", lines=tuple(("", note) for note in summary.notes)))
    if summary.command or summary.made_by or summary.identities_by:
        items.append(_origin(summary))
    return tuple(items)


def _origin(summary: Summary) -> Block:
    lines = [("command", summary.command)] if summary.command else []
    lines += [("trained with" if i == 0 else "", way) for i, way in enumerate(summary.made_by)]
    lines += [("checked with", summary.identities_by)] if summary.identities_by else []
    return Block(title="Made by", lines=tuple(lines))


def _study(summary: Summary) -> Block:
    ends = {
        "complete": summary.complete,
        "diverged": summary.diverged,
        "failed": summary.failed,
        "not yet run": summary.missing,
    }
    counts = ", ".join(f"{count} {end}" for end, count in ends.items() if count or end == "complete")
    exact = [("identities", identities_count(summary))] if summary.identities else []
    if not summary.points:
        return Block(title=summary.study, lines=(("question", summary.question), *exact))
    size = f"{counted(len(summary.points), 'design point')} × {counted(summary.replicates, 'replicate')}"
    return Block(
        title=summary.study,
        lines=(
            ("question", summary.question),
            ("design", f"{summary.design}: {size}"),
            ("response", f"{summary.response}, {summary.better} is better"),
            ("trials", f"{summary.planned} planned: {counts}"),
            *exact,
        ),
    )
