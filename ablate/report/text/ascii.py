"""Text for a terminal or a log without Unicode: a minus must not become a question mark."""

from dataclasses import replace

from ablate.report.text.table import Block, Item, Table

SPELLED_OUT = str.maketrans(
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


def spelled_out(text: str) -> str:
    """The text with each of our own characters in ASCII; those of a user are left."""
    return text.translate(SPELLED_OUT)


def ascii_item(item: Item) -> Item:
    """A table or a block in ASCII, before it is laid out: what is spelled out is longer."""
    return ascii_block(item) if isinstance(item, Block) else _ascii_table(item)


def ascii_block(block: Block) -> Block:
    """The same of a block."""
    lines = tuple((spelled_out(label), spelled_out(text)) for label, text in block.lines)
    return replace(block, title=spelled_out(block.title), lines=lines)


def _ascii_table(table: Table) -> Table:
    return replace(
        table,
        title=spelled_out(table.title),
        columns=tuple(replace(c, name=spelled_out(c.name), unit=spelled_out(c.unit)) for c in table.columns),
        rows=tuple(tuple(map(spelled_out, row)) for row in table.rows),
        caption=tuple(map(spelled_out, table.caption)),
        notes=tuple(map(spelled_out, table.notes)),
    )
