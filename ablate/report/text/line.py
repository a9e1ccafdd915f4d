"""A line that is laid out: pieces of text, some of them coloured, where there is colour."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ablate.report.text.table import Tone

Style = Literal["", "title", "faint"] | Tone


@dataclass(frozen=True, kw_only=True)
class Span:
    """A piece of a line. Its text says whatever its style says."""

    text: str
    style: Style = ""


Line = Sequence[Span]


def line(text: str = "", style: Style = "") -> Line:
    """A line of one piece."""
    return (Span(text=text, style=style),)
