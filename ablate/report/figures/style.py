"""The style of figures: matplotlib's defaults with these settings, whatever the user's matplotlibrc says."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

PAPER, INK, FAINT, BAND = "#ffffff", "#1f2328", "#59636e", "#d7e3f4"
"""Colours of the background, of text and lines, of what is secondary, and of the bands of margins.

The background is drawn, so that a figure is legible on a dark page, too.
"""
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Colours that the colour-blind tell apart, too (Okabe and Ito, 2008)."""
ACCENT = COLOURS[0]
SIZE_PT = 8.5
SALT = "ablate"
"""The salt of the ids in an SVG file. Without it, matplotlib draws them at random."""
SETTINGS: dict[Any, Any] = {
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib: texts have the same widths on any machine
    "font.size": SIZE_PT,
    "svg.fonttype": "none",  # text stays text: small, and found by a search
    "svg.hashsalt": SALT,
}


@contextmanager
def style() -> Iterator[None]:
    """Within the block, matplotlib has these settings; after it, those that it had before."""
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(SETTINGS)
        yield
