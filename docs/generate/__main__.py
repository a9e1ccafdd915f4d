"""`python docs/generate [PAGE…] [--check]` writes what these pages show of `conf/`, `results/` and the code.

With --check it writes nothing, and ends with code 1 where a page is not what would be written. A figure that another
version of matplotlib has drawn is compared by its numbers, and stays where they are the same.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from answers import answers, readme, sections
from configuration import configuration
from figures import figures, is_current
from marked import replace
from review import review
from rooms import rooms
from screen import screen

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS = REPOSITORY / "docs"

PAGES: dict[str, Callable[[], str]] = {
    "answers.md": lambda: replace(DOCS / "answers.md", answers=answers(REPOSITORY), sections=sections(REPOSITORY)),
    "architecture.md": lambda: replace(DOCS / "architecture.md", rooms=rooms(REPOSITORY)),
    "configuration.md": lambda: replace(DOCS / "configuration.md", keys=configuration(REPOSITORY / "conf")),
    "review.md": lambda: replace(DOCS / "review.md", remarks=review()),
    "screen.svg": lambda: screen(REPOSITORY),
    "README.md": lambda: replace(REPOSITORY / "README.md", answers=readme(REPOSITORY)),
}
FIGURES, README = "figures", "README.md"
VALID = (*PAGES, FIGURES)


def main() -> None:
    """Writes the pages, or checks them."""
    parser = argparse.ArgumentParser(prog="python docs/generate", description=__doc__)
    parser.add_argument("pages", nargs="*", metavar="PAGE", help=f"default: all; {', '.join(VALID)}")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 where a page is out of date")
    asked = parser.parse_args()
    if unknown := [name for name in asked.pages if name not in VALID]:
        parser.error(f"no generated page: {', '.join(unknown)}. Valid: {', '.join(VALID)}.")
    pages = asked.pages or VALID
    outdated: list[str] = []
    for name in pages:
        wrong = [_update(file, is_check=asked.check) for file in _files(name)]
        outdated += [name] * any(wrong)
    if asked.check and outdated:
        sys.exit(f"Out of date: {', '.join(outdated)}. Run: python docs/generate {' '.join(outdated)}")


def _files(name: str) -> Iterator[tuple[Path, str | None]]:
    """The files of a page, and what each should hold; None: it should not be there."""
    if name != FIGURES:
        yield (REPOSITORY if name == README else DOCS) / name, PAGES[name]()
        return
    drawn = figures(REPOSITORY)
    yield from ((DOCS / FIGURES / file, text) for file, text in drawn.items())
    yield from ((file, None) for file in sorted((DOCS / FIGURES).glob("*.svg")) if file.name not in drawn)


def _update(file: tuple[Path, str | None], *, is_check: bool) -> bool:
    """Writes a file unless it is as it should be; returns whether it was not."""
    path, text = file
    kept = path.read_text(encoding="utf-8") if path.exists() else None
    if text is None:
        is_right = kept is None
    else:
        is_right = kept is not None and (is_current(kept, text) if path.parent.name == FIGURES else kept == text)
    if not is_right and not is_check:
        if text is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return not is_right


if __name__ == "__main__":
    main()
