"""Text for a terminal or a log without Unicode: a minus must not become a question mark."""

from dataclasses import replace

from ablate.report.text.table import Block, Item, Table

ASCII_FOR = str.maketrans(
    {
        "−": "-",
        "–": "-",
        "Δ": "delta",
        "µ": "u",
        "×": "x",
        "√": "sqrt ",
        "≥": ">=",
        "≤": "<=",
        "≈": "~",
        "→": "->",
        "•": "*",
        "·": "*",
        "±": "+-",
        "ω": "omega",
        "²": "^2",
        "α": "alpha",
        "…": "...",
        "“": '"',
        "”": '"',
        "’": "'",
        "\u0302": "",
    }
)


def to_ascii(text: str) -> str:
    """The text with each of our own characters in ASCII; those of a user are left."""
    return text.translate(ASCII_FOR)


def ascii_item(item: Item) -> Item:
    """A table or a block in ASCII, before it is laid out: what is spelled out is longer."""
    return ascii_block(item) if isinstance(item, Block) else _ascii_table(item)


def ascii_block(block: Block) -> Block:
    """The same of a block."""
    lines = tuple((to_ascii(label), to_ascii(text)) for label, text in block.lines)
    return replace(block, title=to_ascii(block.title), lines=lines)


def _ascii_table(table: Table) -> Table:
    return replace(
        table,
        title=to_ascii(table.title),
        columns=tuple(replace(c, name=to_ascii(c.name), unit=to_ascii(c.unit)) for c in table.columns),
        rows=tuple(tuple(map(to_ascii, row)) for row in table.rows),
        caption=tuple(map(to_ascii, table.caption)),
        notes=tuple(map(to_ascii, table.notes)),
    )
