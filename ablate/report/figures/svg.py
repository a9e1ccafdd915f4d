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
        figure: drawn.
        title: what it shows, for programs and screen readers.
        description: the same in full, with the numbers.
    """
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    out = io.StringIO()
    with style():
        FigureCanvasSVG(figure).print_svg(out, metadata={"Date": None, "Title": title, "Description": description})
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def drawn_by(text: str) -> str:
    """The version that drew a figure, such as `Matplotlib v3.11.2`; empty where it does not say."""
    found = CREATOR.search(text)
    return found[1] if found else ""


def described(text: str) -> str:
    """The description that a figure was written with, as it stands in the file."""
    found = DESCRIPTION.search(text)
    return found[1] if found else ""
