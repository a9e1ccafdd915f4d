"""A figure as SVG: the same bytes wherever the same version of matplotlib draws it."""

import io
import re
from typing import TYPE_CHECKING

from ablate.report.figures.style import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CREATOR = re.compile(r"<dc:title>(Matplotlib v[^,<]+)")
DESCRIPTION = re.compile(r"<dc:description>(.*?)</dc:description>", re.DOTALL)


def svg(figure: "Figure", *, title: str, description: str) -> str:
    """Writes a figure. Text stays text, laid out by the font that comes with matplotlib; there is no date.

    Args:
        figure: the figure.
        title: the title in the file's metadata.
        description: what the figure shows, with its numbers, for the metadata.
    """
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    out = io.StringIO()
    with style():
        FigureCanvasSVG(figure).print_svg(out, metadata={"Date": None, "Title": title, "Description": description})
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def drawn_by(text: str) -> str:
    """The version that drew an SVG file, such as `Matplotlib v3.11.2`; empty: the file does not say."""
    found = CREATOR.search(text)
    return found[1] if found else ""


def described(text: str) -> str:
    """The description in the metadata of an SVG file, with its XML escapes."""
    found = DESCRIPTION.search(text)
    return found[1] if found else ""
