"""Writes tables as LaTeX, for a document that loads the package booktabs."""

import re
from collections.abc import Sequence

from ablate.report.number import NO_BREAK, PAD
from ablate.report.table import Block, Item, Table

ESCAPES = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "−": r"$-$",
    "–": "--",
    "—": "---",
    "×": r"$\times$",
    "±": r"$\pm$",
    "≥": r"$\ge$",
    "≤": r"$\le$",
    "≈": r"$\approx$",
    "Δ": r"$\Delta$",
    "α": r"$\alpha$",
    "ω": r"$\omega$",
    "²": r"$^2$",
    "·": r"$\cdot$",
    "•": r"\textbullet{}",
    "…": r"\ldots{}",
    "’": "'",
    "P\u0302": r"$\hat{P}$",
    PAD: "",
    NO_BREAK: "~",
}
"""What LaTeX reads otherwise, and what its standard fonts lack."""

_SPECIAL = re.compile("|".join(re.escape(character) for character in ESCAPES))


def latex(items: Sequence[Item]) -> str:
    """A `table` environment for each table; blocks become lists."""
    parts = [_block(item) if isinstance(item, Block) else _table(item) for item in items]
    return "\n".join(["% needs \\usepackage{booktabs}", *parts])


def escape(text: str) -> str:
    """The text, so that it means itself in LaTeX."""
    return " ".join(_SPECIAL.sub(lambda match: ESCAPES[match[0]], text).split())


def _block(block: Block) -> str:
    kind = "description" if any(label for label, _ in block.lines) else "itemize"
    lines = [
        rf"\paragraph{{{escape(block.title)}}}",
        rf"\begin{{{kind}}}",
        *(
            rf"\item[{{{escape(label)}}}] {escape(text)}" if label else rf"\item {escape(text)}"
            for label, text in block.lines
        ),
        rf"\end{{{kind}}}",
        "",
    ]
    return "\n".join(lines)


def _table(table: Table) -> str:
    table = table.without("spread")
    form = "".join(column.justify[0] for column in table.columns)
    lines = [
        r"\begin{table}",
        rf"\caption{{{' '.join(map(escape, (_sentence(table.title), *table.caption)))}}}",
        r"\centering",
        rf"\begin{{tabular}}{{{form}}}",
        r"\toprule",
        _row([column.heading for column in table.columns]),
        r"\midrule",
        *(_row(row) for row in table.rows),
        r"\bottomrule",
        r"\end{tabular}",
        *(rf"\par\footnotesize {escape(note)}" for note in table.notes),
        r"\end{table}",
        "",
    ]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    # Braces: an opening bracket after \\ would be read as the argument of the line break before it.
    shielded = (f"{{{cell}}}" if cell.startswith("[") else cell for cell in map(escape, cells))
    return rf"{' & '.join(shielded)} \\"


def _sentence(title: str) -> str:
    return f"{title}."
