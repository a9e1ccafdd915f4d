"""One tidy table as CSV: a header, then plain values at full precision."""

import csv
import io

from ablate.report.content import Content
from ablate.report.formats.output import Output
from ablate.report.text.visible import visible


def write_csv(content: Content, _output: Output) -> str:
    """The rows of one table; what has no value is an empty cell."""
    rows = content.rows()
    header = [*dict.fromkeys(column for row in rows for column in row)] or [*content.columns]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(map(escape, header))
    writer.writerows([escape(row.get(column)) for column in header] for row in rows)
    return out.getvalue()


def escape(value: object) -> object:
    """The value, so that a spreadsheet shows a text and does not compute it: a formula gets an apostrophe before it."""
    if not isinstance(value, str):
        return value
    shown = visible(value)
    return f"'{shown}" if value[:1] in _OPENS_FORMULA and not _is_number(value) else shown


_OPENS_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
