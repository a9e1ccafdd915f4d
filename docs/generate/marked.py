"""The part of a page that is generated stands between two comments."""

import re
from pathlib import Path


def replace(page: Path, name: str, text: str) -> str:
    """The page with another text between `<!-- name -->` and `<!-- end of name -->`.

    Raises:
        ValueError: the page does not have the two comments once each.
    """
    whole = page.read_text(encoding="utf-8")
    part = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
    if len(part.findall(whole)) != 1:
        raise ValueError(f"{page} must have '<!-- {name} -->' and '<!-- end of {name} -->', once each.")
    return part.sub(lambda found: f"{found[1]}\n{text.strip()}\n\n{found[2]}", whole)
