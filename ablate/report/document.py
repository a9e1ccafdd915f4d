"""The whole document of a study: every table in order, for any output format."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ablate.analysis.summary import Summary
from ablate.report.heading import origin_block, study_block
from ablate.report.tables.kind import Results
from ablate.report.tables.registry import TABLES
from ablate.report.text.table import Item, Table


def document(summary: Summary, name: str = "") -> tuple[Item, ...]:
    """The study and its verdicts, then what they rest on, what did not complete, and what made it all.

    Args:
        summary: of the study.
        name: what `ablate show` finds it by; default: its own name.
    """
    results = Results(summary=summary, name=name)
    items: list[Item] = [study_block(summary, name)]
    for kind in TABLES.values():
        if kind.in_document:
            items += kind.items(results)
    return (*_said_once(items), *origin_block(summary))


def _said_once(items: Iterable[Item]) -> Iterator[Item]:
    """The items without the notes that an earlier one has."""
    said: set[str] = set()
    for item in items:
        if isinstance(item, Table):
            yield replace(item, notes=tuple(note for note in item.notes if note not in said))
            said.update(item.notes)
        else:
            yield item
