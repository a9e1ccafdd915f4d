"""A study's summary as loggers get it: the verdicts as plain values, the documents as text."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

OUTCOME = "outcome"
NUMBERS = ("difference", "difference_low", "difference_high")
"""Columns that trackers compare and plot: the mean difference and its interval."""
COLUMNS = ("claim", OUTCOME, *NUMBERS, "difference_level", "n", "line")
"""What is said of each claim: at last all of it in a sentence."""


@dataclass(frozen=True, kw_only=True)
class StudySummary:
    """The summary of a study. Importing this imports no torch."""

    question: str
    command: str
    """That makes the study's results."""
    verdicts: Sequence[Mapping[str, str | float | None]]
    """For each claim a value for each of `COLUMNS`; None where there is none."""
    markdown: str
    """The whole document."""
    figures: Mapping[str, str]
    """Name → SVG."""

    def by_claim(self, column: str, key: Callable[[str], str] = str) -> dict[str, str | float]:
        """The values of one column by claim; a claim that has none is left out.

        Args:
            column: One of `COLUMNS`.
            key: Makes of a claim's name what the tool takes as one. Claims of which it makes the same are numbered
                from the second on, as are those that differ in their margins alone.
        """
        found: dict[str, str | float] = {}
        named: Counter[str] = Counter()
        for verdict in self.verdicts:
            name = key(str(verdict["claim"]))
            named[name] += 1
            if (value := verdict[column]) is not None:
                found[name if named[name] == 1 else f"{name} {named[name]}"] = value
        return found
