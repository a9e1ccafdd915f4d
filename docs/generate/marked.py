"""The parts of a page that are generated stand between two comments each."""

import re
from pathlib import Path


def replace(page: Path, **parts: str) -> str:
    """The page with other texts between `<!-- name -->` and `<!-- end of name -->`, for each name.

    Raises:
        ValueError: the page does not have the two comments once each.
    """
    whole = page.read_text(encoding="utf-8")
    for name, text in parts.items():
        part = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
        if len(part.findall(whole)) != 1:
            raise ValueError(f"{page} must have '<!-- {name} -->' and '<!-- end of {name} -->', once each.")
        whole = part.sub(lambda found, text=text: f"{found[1]}\n{text.strip()}\n\n{found[2]}", whole)
    return whole
