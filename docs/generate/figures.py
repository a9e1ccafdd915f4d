"""figures/STUDY.svg: the claims of each answered study, with their differences, intervals and margins."""

from pathlib import Path

from studies import studies

from ablate.report.figures.forest import description, forest
from ablate.report.figures.svg import described, drawn_by, svg


def figures(repository: Path) -> dict[str, str]:
    """The name of each file, and what it holds; none of a study of identities alone."""
    drawn: dict[str, str] = {}
    for study in studies(repository):
        if study.verdicts:
            response = study.spec.response
            drawn[f"{study.spec.name}.svg"] = svg(
                forest(study.verdicts, response),
                title=study.spec.question,
                description=description(study.verdicts, response),
            )
    return drawn


def is_current(kept: str, drawn: str) -> bool:
    """Whether a file is what would be drawn. Of another version of matplotlib, whether it has the same numbers."""
    return kept == drawn or (drawn_by(kept) != drawn_by(drawn) and described(kept) == described(drawn))
