"""Makes visible what a terminal would obey, or not show: escape sequences in a name, directions of writing."""

import re
from dataclasses import replace

from ablate.report.text.table import Block, Item, Table

_BREAKS = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]+")
_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Control characters, those that turn the direction of writing, those without a width, and halves of a character."""


def visible(text: str) -> str:
    r"""The text on one line, with `\x1b` where it has that control character."""
    return _INVISIBLE.sub(_written_out, _BREAKS.sub(" ", text))


def visible_lines(text: str) -> str:
    """As `visible`, with the line breaks that it has."""
    return "\n".join(map(visible, text.split("\n")))


def visible_item(item: Item) -> Item:
    """A table or a block whose texts are visible."""
    if isinstance(item, Block):
        return replace(item, title=visible(item.title), lines=tuple((visible(a), visible(b)) for a, b in item.lines))
    return _visible_table(item)


def _visible_table(table: Table) -> Table:
    return replace(
        table,
        title=visible(table.title),
        columns=tuple(replace(column, name=visible(column.name)) for column in table.columns),
        rows=tuple(tuple(map(visible, row)) for row in table.rows),
        caption=tuple(map(visible, table.caption)),
        notes=tuple(map(visible, table.notes)),
    )


def _written_out(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
