"""What a table's numbers rest on, for the caption that a paper needs: n, the intervals and the tests."""

from collections.abc import Iterable, Sequence

from ablate.analysis.summary import Interval
from ablate.report.text.number import interval_name


def basis(counts: Sequence[int], intervals: Iterable[Interval | None], tests: Sequence[str] = ()) -> str:
    """A sentence such as `n = 3 to 5 replicates; 95% t interval; paired t test.`; empty without any replicate.

    Args:
        counts: Replicates of each row.
        intervals: Of each row.
        tests: Names of the tests behind the columns of p; empty ones are left out.
    """
    if not any(counts):
        return ""
    fewest, most = min(counts), max(counts)
    n = f"n = {fewest} to {most}" if fewest < most else f"n = {most}"
    parts = [f"{n} replicate{'s' * (most > 1)}", interval_name(intervals), ", ".join(filter(None, tests))]
    return f"{'; '.join(filter(None, parts))}."
