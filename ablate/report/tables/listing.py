"""The tables of `ablate list`: names with a description in one line."""

from collections.abc import Mapping, Sequence

from ablate.report.text.table import Column, Table


def listing(what: str, described: Mapping[str, str], *, notes: Sequence[str] = ()) -> Table:
    """A table of names, each with its description in a line.

    Args:
        what: is listed, in the plural, such as `studies`.
        described: name → description, in the order to show.
        notes: what stands below.
    """
    return Table(
        title=what,
        columns=(Column(name="name", key=True), Column(name="description", wrap=True)),
        rows=tuple(described.items()),
        notes=tuple(notes) if described else (f"There are no {what}.",),
    )
