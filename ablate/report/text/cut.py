"""Text that is cut to a width, in the middle: names of one family differ at their ends."""

from ablate.report.text.wrap import widest

ELLIPSIS = {False: "…", True: "..."}
"""By whether only ASCII may be used."""


def cut(text: str, width: int, *, ascii_only: bool) -> str:
    """The text, with its middle left out where it is wider than `width` cells."""
    if widest([text]) <= width:
        return text
    gap = ELLIPSIS[ascii_only]
    keep = max(width - len(gap), 2)
    head = (keep + 1) // 2
    return text[:head].rstrip() + gap + text[len(text) - (keep - head) :].lstrip()
