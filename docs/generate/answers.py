"""answers.md: the table of what every shipped question was answered with."""

from pathlib import Path

from ablate.config.catalog import Catalog

NO_CLAIM = ("smoke",)
"""Studies that state no claim."""


def answers(repository: Path) -> str:
    """The rows of results/questions/verdicts.md, and the studies that have none."""
    kept = (repository / "results/questions/verdicts.md").read_text(encoding="utf-8")
    rows = "\n".join(line for line in kept.splitlines() if line.startswith("|"))
    left = [
        f"`{study}`"
        for study in Catalog(repository).names("study")
        if study not in NO_CLAIM and f"| ablate run {study} |" not in rows
    ]
    return rows + (f"\n\nStated, and not trained yet: {', '.join(left)}." if left else "")
