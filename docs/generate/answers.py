"""answers.md: the table of what every shipped question was answered with."""

from pathlib import Path


def answers(repository: Path) -> str:
    """The rows of results/questions/verdicts.md."""
    kept = (repository / "results/questions/verdicts.md").read_text(encoding="utf-8")
    return "\n".join(line for line in kept.splitlines() if line.startswith("|"))
