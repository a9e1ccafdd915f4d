"""Where something is written, and how a format writes it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

from ablate.report.content import Content


@dataclass(frozen=True, kw_only=True)
class Output:
    """Where something is written."""

    stream: TextIO
    """Asked what it can show (colour, width, characters); a format writes nothing to it."""
    width: int | None = None
    """In cells; None: the stream's own."""
    ascii_only: bool = False
    """Whether the text of a terminal is in ASCII though the stream could show more."""


Writer = Callable[[Content, Output], str]
"""A format: the text of a content on an output."""
