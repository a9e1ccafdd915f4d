"""`python docs/generate [PAGE…] [--check]` writes what these pages show of `conf/`, `results/` and the code.

With --check it writes nothing, and ends with code 1 where a page is not what would be written.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from answers import answers
from configuration import configuration
from marked import replace
from review import review
from rooms import rooms
from screen import screen

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS = REPOSITORY / "docs"

PAGES: dict[str, Callable[[], str]] = {
    "answers.md": lambda: replace(DOCS / "answers.md", "verdicts", answers(REPOSITORY)),
    "architecture.md": lambda: replace(DOCS / "architecture.md", "rooms", rooms(REPOSITORY)),
    "configuration.md": lambda: replace(DOCS / "configuration.md", "keys", configuration(REPOSITORY / "conf")),
    "review.md": lambda: replace(DOCS / "review.md", "remarks", review()),
    "screen.svg": lambda: screen(REPOSITORY),
}


def main() -> None:
    """Writes the pages, or checks them."""
    parser = argparse.ArgumentParser(prog="python docs/generate", description=__doc__)
    parser.add_argument("pages", nargs="*", metavar="PAGE", help=f"default: all; {', '.join(PAGES)}")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 where a page is out of date")
    asked = parser.parse_args()
    if unknown := [name for name in asked.pages if name not in PAGES]:
        parser.error(f"no generated page: {', '.join(unknown)}. Valid: {', '.join(PAGES)}.")
    outdated: list[str] = []
    for name in asked.pages or PAGES:
        path, text = DOCS / name, PAGES[name]()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            outdated.append(name)
            if not asked.check:
                path.write_text(text, encoding="utf-8")
    if asked.check and outdated:
        sys.exit(f"Out of date: {', '.join(outdated)}. Run: python docs/generate {' '.join(outdated)}")


if __name__ == "__main__":
    main()
