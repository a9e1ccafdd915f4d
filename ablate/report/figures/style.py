"""How figures look: matplotlib's own defaults, whatever a user's matplotlibrc says, and what is drawn with them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

PAPER, INK, FAINT, BAND = "#ffffff", "#1f2328", "#59636e", "#d7e3f4"
"""The background is drawn, so that a figure is legible on a dark page, too."""
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Of lines, told apart by the colour-blind as well (Okabe and Ito, 2008); where there are more, marks differ, too."""
ACCENT = COLOURS[0]
SIZE_PT = 8.5
SALT = "ablate"
"""Of the hashes that name parts of an SVG: without one they would be drawn at random."""
SETTINGS: dict[Any, Any] = {
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib, so that texts have the same widths anywhere
    "font.size": SIZE_PT,
    "svg.fonttype": "none",  # text stays text: small, and found by a search
    "svg.hashsalt": SALT,
}


@contextmanager
def style() -> Iterator[None]:
    """Draws with these settings within the block, and leaves matplotlib as it was."""
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(SETTINGS)
        yield
