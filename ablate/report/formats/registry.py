"""The formats in which a summary can be written, and the one call that writes it."""

import sys
from collections.abc import Callable
from typing import TextIO

from ablate.analyze.summary import Summary
from ablate.errors import ConfigError, unknown
from ablate.report.document import document
from ablate.report.formats.csv import to_csv
from ablate.report.formats.json import to_json
from ablate.report.formats.latex import latex
from ablate.report.formats.markdown import markdown
from ablate.report.formats.terminal import terminal

Format = Callable[[Summary, TextIO, int | None], str]
"""From a summary, the stream that it is for and the width in cells (None: the stream's own) to text."""

FORMATS: dict[str, Format] = {
    "table": lambda summary, stream, width: terminal(document(summary), stream, width),
    "json": lambda summary, *_: to_json(summary),
    "csv": lambda summary, *_: to_csv(summary),
    "markdown": lambda summary, *_: markdown(document(summary)),
    "latex": lambda summary, *_: latex(document(summary)),
}


def show(summary: Summary, format: str = "table", stream: TextIO | None = None, width: int | None = None) -> None:
    """Writes the summary in one of `FORMATS`.

    Args:
        summary: of a study.
        format: its name.
        stream: standard output unless told.
        width: in cells, for the table; the terminal's own unless told.

    Raises:
        ConfigError: there is no such format.
    """
    if format not in FORMATS:
        raise ConfigError(unknown("format", format, FORMATS))
    out = stream or sys.stdout
    out.write(FORMATS[format](summary, out, width))
