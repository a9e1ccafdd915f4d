"""Writes tables as GitHub-flavoured Markdown."""

import re
from collections.abc import Sequence

from ablate.report.content import Content
from ablate.report.formats.output import Output
from ablate.report.text.number import NO_BREAK, PAD
from ablate.report.text.table import Block, Item, Table
from ablate.report.text.visible import visible

RULES = {"left": ":---", "right": "---:"}

_SPECIAL = re.compile(
    r"[\\`*|<>]|(?<!\w)_|_(?!\w)|](?=[(\[:])|~(?=~)|(?<=~)~|&(?=#?\w+;)|^#(?=#*(?: |$))|^[-+](?= |$)|(?<=^\d)[.)](?= )"
)
"""An underscore inside a name is only an underscore, and brackets that no address follows are only brackets."""


def write_markdown(content: Content, _output: Output) -> str:
    """All tables and blocks of a content."""
    return markdown(content.items())


def markdown(items: Sequence[Item]) -> str:
    """A heading for each item, the first of them that of the page."""
    marks = ["#", *["##"] * (len(items) - 1)]
    return "\n".join(
        _block(item, mark) if isinstance(item, Block) else _table(item, mark)
        for item, mark in zip(items, marks, strict=False)
    )


def escape(text: str) -> str:
    """The text, so that it means itself on one line of Markdown."""
    flat = " ".join(visible(text).replace(PAD, "").replace(NO_BREAK, " ").split())
    return _SPECIAL.sub(r"\\\g<0>", flat)


def _block(block: Block, mark: str) -> str:
    labels = (f"**{escape(label)}**: " if label else "" for label, _ in block.lines)
    lines = (f"- {label}{escape(text)}" for label, (_, text) in zip(labels, block.lines, strict=True))
    return "\n".join([f"{mark} {escape(block.title)}", "", *lines, ""])


def _table(table: Table, mark: str) -> str:
    table = table.without("spread")
    lines = [f"{mark} {escape(table.title)}", ""]
    for line in table.caption:
        lines += [escape(line), ""]
    lines.append(_row([escape(column.heading) for column in table.columns]))
    lines.append(_row([RULES[column.justify] for column in table.columns]))
    lines += [_row([escape(cell) for cell in row]) for row in table.rows]
    lines += ["", *(f"- {escape(note)}" for note in table.notes), ""]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
