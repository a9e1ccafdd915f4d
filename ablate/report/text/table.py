"""Tables of text and blocks of labelled lines, before their format is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

ABSENT = "–"
"""An empty cell."""

Tone = Literal["good", "caution", "bad"]


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column: how it is headed and how it may be laid out where there is little room."""

    name: str
    unit: str = ""
    justify: Literal["left", "right"] = "left"
    key: bool = False
    """Identifies the row: repeated where a table continues below."""
    wrap: bool = False
    """May break over lines. Keys may, and text; numbers never."""
    instead: Literal["", "named", "spread"] = ""
    """The same thing twice: `spread` over columns where there is room for all, else `named` in one."""
    group: int = 0
    """Columns of one group stay side by side."""
    tones: Mapping[str, Tone] = field(default_factory=dict[str, Tone])
    """Cells that are coloured, where there is colour."""

    @property
    def heading(self) -> str:
        """The name, and the unit where there is one."""
        return f"{self.name} ({self.unit})" if self.unit else self.name


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows of text under columns. `caption` stands above, `notes` below."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    basis: str = ""
    """n, intervals and tests of all rows in a sentence, for formats in which a table stands alone, as in a paper."""

    def __post_init__(self) -> None:
        assert all(len(row) == len(self.columns) for row in self.rows), f"{self.title}: a ragged row"

    @classmethod
    def of(
        cls,
        *,
        title: str,
        columns: Sequence[tuple[Column, Sequence[str]]],
        caption: Sequence[str] = (),
        notes: Sequence[str] = (),
        basis: str = "",
    ) -> "Table":
        """A table from its columns, each with its cells; one whose cells are all empty is left out."""
        kept = [(column, cells) for column, cells in columns if any(cell != ABSENT for cell in cells)]
        return cls(
            title=title,
            columns=tuple(column for column, _ in kept),
            rows=tuple(zip(*(cells for _, cells in kept), strict=True)),
            caption=tuple(caption),
            notes=tuple(notes),
            basis=basis,
        )

    def select(self, keep: tuple[int, ...]) -> "Table":
        """The same table with some of its columns, by position."""
        return Table(
            title=self.title,
            columns=tuple(self.columns[i] for i in keep),
            rows=tuple(tuple(row[i] for i in keep) for row in self.rows),
            caption=self.caption,
            notes=self.notes,
            basis=self.basis,
        )

    def without(self, instead: Literal["named", "spread"]) -> "Table":
        """The same table without one of its two ways to name rows."""
        return self.select(tuple(i for i, column in enumerate(self.columns) if column.instead != instead))


@dataclass(frozen=True, kw_only=True)
class Block:
    """Lines of text, each under a label; an empty label makes an item of a list."""

    title: str
    lines: tuple[tuple[str, str], ...]


Item = Table | Block
