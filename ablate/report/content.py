"""The content that an output format writes, in several forms: each format takes the form that it needs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from ablate.errors import ConfigError, unknown
from ablate.report.cases import Case, cases
from ablate.report.document import document
from ablate.report.heading import scope_notes
from ablate.report.screen.screen import screen
from ablate.report.tables.columns.row import Row
from ablate.report.tables.kind import Results, TableKind
from ablate.report.tables.registry import ALL, TABLES
from ablate.report.text.line import Line
from ablate.report.text.table import Block, Item, Table


@dataclass(frozen=True, kw_only=True)
class Content:
    """One thing to write, in the forms that formats take. Each is made when it is asked for."""

    items: Callable[[], Sequence[Item]]
    """Tables and blocks of text."""
    data: Callable[[], object]
    """What msgspec encodes: frozen dataclasses, mappings, sequences, numbers, text."""
    rows: Callable[[], Sequence[Row]]
    """One tidy table: every row has the same columns.

    Raises:
        ConfigError: it is several tables, each with columns of its own.
    """
    columns: tuple[str, ...] = ()
    """The header of a table without rows."""
    cases: Callable[[], Mapping[str, Sequence[Case]]] = dict
    """Study → what it asserts: its claims and identities, with what became of them."""
    screen: Callable[[int, bool], Sequence[Line]] | None = None
    """What a terminal shows in place of the items: from its width in cells, and whether it takes ASCII only."""
    drawn: Callable[[int, bool], Sequence[Line]] | None = None
    """What a terminal shows below the items."""


def check_table(table: str | None) -> None:
    """Refuses a name that no table has.

    Raises:
        ConfigError: lists the valid names.
    """
    if table is not None and table not in (*TABLES, ALL):
        raise ConfigError(unknown("table", table, (*TABLES, ALL)))


def content(results: Results, table: str | None = None) -> Content:
    """What is written of a study.

    Args:
        results: of the study.
        table: by its name; `all` for the whole document; None for what each format shows by default: a terminal the
            first screen, CSV the trials (or the identities of a study that trains nothing), the others everything.

    Raises:
        ConfigError: there is no such table.
    """
    check_table(table)
    summary = results.summary
    if table is not None and table != ALL:
        return _table(results, TABLES[table], table)
    whole = Content(
        items=lambda: document(summary, results.name),
        data=lambda: summary,
        rows=refuse_rows,
        cases=lambda: cases([summary]),
    )
    if table == ALL:
        return whole
    default = TABLES["trials" if summary.points or not summary.identities else "identities"]
    return replace(
        whole,
        rows=lambda: default.rows(results),
        columns=default.columns,
        screen=lambda width, ascii_only: screen(results, width=width, ascii_only=ascii_only),
    )


def _table(results: Results, kind: TableKind, name: str) -> Content:
    return Content(
        items=lambda: _items(results, kind, name),
        data=lambda: {**_about(results), **kind.data(results)},
        rows=lambda: kind.rows(results),
        columns=kind.columns,
        cases=lambda: cases([results.summary]),
        drawn=lambda width, ascii_only: kind.drawn(results, width, ascii_only),
    )


def _items(results: Results, kind: TableKind, name: str) -> Sequence[Item]:
    """The table with what is said of its estimates below; a sentence where the study has no such table."""
    items = [*kind.items(results)]
    if not items:
        return [Block(title=name, lines=(("", f"{results.summary.study} has no such table: {kind.about}."),))]
    last = items[-1]
    if kind.estimates and isinstance(last, Table):
        items[-1] = replace(last, notes=(*last.notes, *scope_notes(results.summary)))
    return items


def _about(results: Results) -> Mapping[str, object]:
    summary = results.summary
    return {
        "study": summary.study,
        "response": summary.response,
        "better": summary.better,
        "scope": summary.scope,
        "mixed_code": summary.mixed_code,
    }


def refuse_rows() -> Sequence[Row]:
    """The error that the whole document is not one table.

    Raises:
        ConfigError: always.
    """
    raise ConfigError(
        "CSV holds one table at a time, because each has columns of its own: --table all is for the other formats. "
        f"Valid with --format csv: {', '.join(TABLES)}."
    )
