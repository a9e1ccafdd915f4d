"""One tidy table as CSV: a header, then plain values at full precision."""

import csv
import io

from ablate.report.content import Content
from ablate.report.formats.output import Output


def write_csv(content: Content, _output: Output) -> str:
    """The rows of one table; what has no value is an empty cell."""
    rows = content.rows()
    header = [*dict.fromkeys(column for row in rows for column in row)] or [*content.columns]
    out = io.StringIO()
    writer = csv.DictWriter(out, header, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
