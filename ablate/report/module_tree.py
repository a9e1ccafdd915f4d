"""The modules of a network as a table: paths, types, shapes, parameters, FLOPs."""

from collections.abc import Sequence
from typing import TextIO

from ablate.plan.module_tree import ModuleTree, Part, Shape
from ablate.report.content import Content
from ablate.report.formats.registry import write
from ablate.report.tables.columns.row import Row
from ablate.report.text.quantity import compact, counted
from ablate.report.text.table import ABSENT, Column, Table

COLUMNS = ("path", "type", "output", "parameters", "frozen", "flops")
WHOLE = "(the network)"
"""The path of the network itself."""


def show_module_tree(
    tree: ModuleTree,
    format: str = "table",
    stream: TextIO | None = None,
    width: int | None = None,
    *,
    depth: int | None = None,
    ascii_only: bool = False,
) -> None:
    """Writes the modules of a network; default: to standard output.

    Args:
        tree: of the network.
        format: its name.
        stream: default: standard output.
        width: in cells, for the table; default: the terminal's.
        depth: most names of a path. Modules further down are left out; the modules that hold them include their costs.
            None: all.
        ascii_only: whether a terminal's text is in ASCII.

    Raises:
        ConfigError: there is no such format.
    """
    parts = [part for part in tree.parts if depth is None or _depth(part) <= depth]
    content = Content(
        items=lambda: [_table(tree, parts)],
        data=lambda: {"inputs": tree.inputs, "edits": tree.edits, "notes": tree.notes, "modules": parts},
        rows=lambda: [_row(part) for part in parts],
        columns=COLUMNS,
    )
    write(content, format, stream, width, ascii_only=ascii_only)


def _table(tree: ModuleTree, parts: Sequence[Part]) -> Table:
    whole = tree.parts[0]
    about = [f"{whole.kind}: {counted(len(tree.parts) - 1, 'module')}, {whole.parameters:,} parameters"]
    about += [f"{whole.flops:,} FLOPs for an example of {_shape(tree.inputs)}"] if whole.flops is not None else []
    left_out = len(tree.parts) - len(parts)
    return Table.of(
        title=", ".join(about),
        columns=[
            (Column(name="path", key=True), [part.path or WHOLE for part in parts]),
            (Column(name="type"), [part.kind for part in parts]),
            (Column(name="output", justify="right"), [_shape(part.output) for part in parts]),
            (
                Column(name="parameters", justify="right"),
                [f"{p.parameters:,}" if p.parameters else ABSENT for p in parts],
            ),
            (Column(name="frozen", justify="right"), [f"{p.frozen:,}" if p.frozen else ABSENT for p in parts]),
            (Column(name="FLOPs", justify="right"), [compact(part.flops or None) for part in parts]),
        ],
        notes=(
            *(f"Edited: {edit}." for edit in tree.edits),
            *([f"{counted(left_out, 'module')} further down: a larger --depth shows them."] if left_out else []),
            *tree.notes,
        ),
    )


def _row(part: Part) -> Row:
    return {
        "path": part.path,
        "type": part.kind,
        "output": None if part.output is None else _shape(part.output),
        "parameters": part.parameters,
        "frozen": part.frozen,
        "flops": part.flops,
    }


def _depth(part: Part) -> int:
    return part.path.count(".") + 1 if part.path else 0


def _shape(shape: Shape | None) -> str:
    return ABSENT if shape is None else "×".join(map(str, shape))
