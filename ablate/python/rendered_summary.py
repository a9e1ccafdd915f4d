"""A study's summary as its logger gets it: verdicts as rows, the document as Markdown, the page's figures as SVG."""

from pathlib import Path
from typing import TYPE_CHECKING

from ablate.analysis.summary import Summary

if TYPE_CHECKING:
    from ablate.execute.loggers.study_summary import StudySummary


def rendered_summary(summary: Summary, path: Path) -> "StudySummary":
    """Renders the summary of the study in a directory."""
    from ablate.execute.loggers.study_summary import COLUMNS, StudySummary
    from ablate.python.page_source import page_source
    from ablate.report.document import document
    from ablate.report.figures.svg import svg
    from ablate.report.formats.markdown import markdown
    from ablate.report.page.figures import answer_figure, further_figures
    from ablate.report.tables.verdicts import verdict_rows

    source = page_source(summary, path, name=path.name)
    claims = answer_figure(source)
    figures = [*([] if claims is None else [claims]), *further_figures(source)]
    return StudySummary(
        question=summary.question,
        command=summary.command,
        verdicts=tuple({column: row[column] for column in COLUMNS} for row in verdict_rows(summary)),
        markdown=markdown(document(summary, path.name)),
        figures={
            figure.id.replace(" ", "_"): svg(figure.figure, title=figure.title, description=figure.about)
            for figure in figures
        },
    )
