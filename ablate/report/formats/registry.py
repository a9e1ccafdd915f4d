"""The output formats, by the name that `--format` takes, and the one call that writes a study in one of them."""

import sys
from collections.abc import Callable, Mapping
from typing import NamedTuple, TextIO

from ablate.analysis.summary import Summary
from ablate.errors import ConfigError, unknown
from ablate.report.content import Content, check_table, content, refuse_rows
from ablate.report.formats.csv import write_csv
from ablate.report.formats.installed import installed, load, package
from ablate.report.formats.json import write_json
from ablate.report.formats.junit import write_junit
from ablate.report.formats.latex import write_latex
from ablate.report.formats.markdown import write_markdown
from ablate.report.formats.output import Output, Writer
from ablate.report.formats.terminal import write_terminal
from ablate.report.tables.kind import Results, Trials
from ablate.report.tables.registry import ALL


class Format(NamedTuple):
    """A shipped output format."""

    write: Writer
    about: str
    """What it is for, in a few words."""


FORMATS: Mapping[str, Format] = {
    "table": Format(write_terminal, "text for a terminal or a log"),
    "json": Format(write_json, "everything, at full precision"),
    "csv": Format(write_csv, "one tidy table, at full precision"),
    "markdown": Format(write_markdown, "every table, for GitHub"),
    "latex": Format(write_latex, "every table, for a document that loads booktabs"),
    "junit": Format(write_junit, "claims as test cases, for continuous integration"),
}


def described() -> Mapping[str, str]:
    """Name → what it is for, in a few words; formats of other packages name their package."""
    others = {name: f"of {package(entry)}" for name, entry in installed().items() if name not in FORMATS}
    return {**{name: format.about for name, format in FORMATS.items()}, **others}


def check(format: str, table: str | None = None, *, ascii_only: bool = False) -> None:
    """Refuses what could not be written, before anything is trained.

    Raises:
        ConfigError: there is no such format or table, or the format cannot write that table.
    """
    writer(format)
    check_table(table)
    if format == "csv" and table == ALL:
        refuse_rows()
    if ascii_only and format in FORMATS and format != "table":
        raise ConfigError(f"--ascii is for --format table: {format} is not drawn. Leave one of the two out.")


def writer(name: str) -> Writer:
    """The format of that name: one of `FORMATS`, else one that an installed package brings.

    Raises:
        ConfigError: there is none; or the package's cannot be used.
    """
    if name in FORMATS:
        return FORMATS[name].write
    others = installed()
    if name in others:
        return load(others[name])
    raise ConfigError(unknown("format", name, (*FORMATS, *others)))


def show(
    summary: Summary,
    format: str = "table",
    stream: TextIO | None = None,
    width: int | None = None,
    *,
    table: str | None = None,
    trials: Callable[[], Trials] | None = None,
    name: str = "",
    ascii_only: bool = False,
) -> None:
    """Writes a study, or one of its tables.

    Args:
        summary: of the study.
        format: its name.
        stream: default: standard output.
        width: in cells, for the table; default: the terminal's.
        table: its name, `all`, or None: what the format shows by default.
        trials: reads the trials of the study from disk; without it there are none.
        name: what `ablate show` finds the study by; default: its own name.
        ascii_only: whether a terminal's text is in ASCII.

    Raises:
        ConfigError: there is no such format or table, or the format cannot write that table.
    """
    results = Results(summary=summary, name=name, trials=trials or tuple)
    write(content(results, table), format, stream, width, ascii_only=ascii_only)


def write(
    content: Content,
    format: str,
    stream: TextIO | None = None,
    width: int | None = None,
    *,
    ascii_only: bool = False,
) -> None:
    """Writes a content in a format: as `show`."""
    out = stream or sys.stdout
    out.write(writer(format)(content, Output(stream=out, width=width, ascii_only=ascii_only)))
