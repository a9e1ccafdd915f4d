"""Writes tables as LaTeX, for a document that loads the package booktabs."""

import re
from collections.abc import Sequence

from ablate.report.content import Content
from ablate.report.formats.output import Output
from ablate.report.formats.page_layout import Page, pages
from ablate.report.text.number import NO_BREAK, PAD
from ablate.report.text.table import Block, Column, Item, Table
from ablate.report.text.visible import visible

LINE = 100
"""Characters that stand side by side; what a table has beyond that goes below, with its keys repeated."""
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
    "→": r"$\to$",
    "Δ": r"$\Delta$",
    "α": r"$\alpha$",
    "ω": r"$\omega$",
    "µ": r"$\mu$",
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


def write_latex(content: Content, _output: Output) -> str:
    """All tables and blocks of a content."""
    return latex(content.items())


def latex(items: Sequence[Item]) -> str:
    """A `table` environment for each table; blocks become lists."""
    parts = [_block(item) if isinstance(item, Block) else _table(item) for item in items]
    return "\n".join(["% needs \\usepackage{booktabs}", *parts])


def escape(text: str) -> str:
    """The text, so that it means itself in LaTeX."""
    return " ".join(_SPECIAL.sub(lambda match: ESCAPES[match[0]], visible(text)).split())


def _block(block: Block) -> str:
    kind = "description" if any(label for label, _ in block.lines) else "itemize"
    lines = [
        rf"\paragraph{{{escape(block.title)}}}",
        rf"\begin{{{kind}}}",
        *(
            rf"\item[{{{escape(label)}}}] {escape(text)}" if label else rf"\item {_shielded(escape(text))}"
            for label, text in block.lines
        ),
        rf"\end{{{kind}}}",
        "",
    ]
    return "\n".join(lines)


def _table(table: Table) -> str:
    parts = pages(table.without("spread"), LINE)
    lines = [
        r"\begin{table}",
        rf"\caption{{{escape(' '.join((f'{table.title}.', *table.caption, table.basis)))}}}",
        r"\centering\small",
        "\n\\par\\medskip\n".join(map(_tabular, parts)),
        *(rf"\par\footnotesize {escape(note)}" for note in table.notes),
        r"\end{table}",
        "",
    ]
    return "\n".join(lines)


def _tabular(page: Page) -> str:
    columns = page.table.columns
    form = "".join(map(_form, columns, page.widths))
    lines = [
        rf"\begin{{tabular}}{{{form}}}",
        r"\toprule",
        _row([column.heading for column in columns]),
        r"\midrule",
        *map(_row, page.table.rows),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines)


def _form(column: Column, width: int) -> str:
    """Text breaks over lines, in a column of half an em to a character; keys and numbers do not."""
    if column.wrap and not column.key:
        return f"p{{{width / 2:g}em}}"
    return column.justify[0]


def _row(cells: Sequence[str]) -> str:
    return rf"{' & '.join(_shielded(escape(cell)) for cell in cells)} \\"


def _shielded(text: str) -> str:
    r"""In braces where it opens with a bracket or a star, which \item, or the \\ before it, would take as its own."""
    return f"{{{text}}}" if text.startswith(("[", "*")) else text
