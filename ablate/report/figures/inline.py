"""A figure within a page: SVG in the colours of the page's style sheet, for its light and its dark theme."""

import re
from typing import TYPE_CHECKING

from ablate.report.figures.style import ACCENT, BAND, COLOURS, FAINT, INK, PAPER
from ablate.report.figures.svg import svg

if TYPE_CHECKING:
    from matplotlib.figure import Figure

VARIABLES = {
    PAPER: "--paper",
    INK: "--ink",
    FAINT: "--faint",
    BAND: "--band",
    "#000000": "--ink",  # matplotlib's default, for what the figures do not colour
    "#ffffff": "--paper",
    **{colour: f"--series-{number}" for number, colour in enumerate(COLOURS, 1)},
    ACCENT: "--series-1",
    "#0b6e4f": "--good",
    "#b3261e": "--bad",
}
"""Colour → the variable of the page's style sheet that replaces it."""
_COLOUR = re.compile("|".join(map(re.escape, VARIABLES)), re.IGNORECASE)
_ID = re.compile(r' id="([^"]*)"')
_USED = re.compile(r'(?:url\(#|href="#)([^")]+)')
_METADATA = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)


def inline(figure: "Figure", *, number: int, title: str) -> str:
    """The `<svg>` element of a figure.

    Args:
        figure: the figure.
        number: its number within the page. It is a part of all ids, so that no two figures share one.
        title: the text for screen readers.
    """
    from html import escape

    text = svg(figure, title="", description="")
    text = _METADATA.sub("", text[text.index("<svg") :])
    used = set(_USED.findall(text))
    text = _ID.sub(lambda found: f' id="f{number}-{found[1]}"' if found[1] in used else "", text)
    text = re.sub(r'(url\(#|href="#)', rf"\g<1>f{number}-", text)
    text = _COLOUR.sub(lambda found: f"var({VARIABLES[found[0].lower()]})", text)
    label = f'<svg role="img" aria-label="{escape(title, quote=True)}" '
    return text.replace("<svg ", label, 1)
