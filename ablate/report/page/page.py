"""The page of a study: question, verdicts and forest plot first; then figures, tables, and what made it all."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import ablate
from ablate.analysis.summary import Summary, Verdict
from ablate.config.spec import Response
from ablate.report.document import document
from ablate.report.figures.inline import inline
from ablate.report.heading import origin_block, study_block
from ablate.report.page.figures import answer_figure, further_figures
from ablate.report.page.source import Source
from ablate.report.screen.qualifiers import qualifiers
from ablate.report.tables.verdicts import NO_CLAIM, TONES
from ablate.report.text.finding import finding, is_open
from ablate.report.text.number import NO_BREAK, PAD
from ablate.report.text.table import Block, Item, Table
from ablate.report.text.visible import visible, visible_item

TEMPLATE = "page.html.j2"
_CODE = re.compile(r"`([^`]*)`")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The answer to one claim."""

    outcome: str
    tone: str
    """The class of its style: `good`, `bad`, `caution` or `open`."""
    found: str
    """What was found, as HTML."""
    numbers: str
    """The numbers behind it, as HTML."""


def page(source: Source) -> str:
    """The whole file as HTML. Texts of the study are escaped. A page of an unfinished study says what is missing."""
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=PackageLoader("ablate.report.page", "."),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(TEMPLATE).render(_context(source))


def _context(source: Source) -> Mapping[str, Any]:
    from markupsafe import Markup

    summary = source.results.summary
    response = Response(name=summary.response, better=summary.better, trivial=summary.trivial)
    about = study_block(summary, source.results.name)
    items = [visible_item(item) for item in document(summary, source.results.name)[1:]]
    origin = origin_block(summary)
    rest = items[: len(items) - len(origin)]
    claims = answer_figure(source)
    return {
        "version": ablate.__version__,
        "title": visible(about.title),
        "question": visible(summary.question),
        "facts": [(label, visible(text)) for label, text in about.lines if label != "question"],
        "answers": [_answer(verdict, response) for verdict in (*summary.verdicts, *summary.later)],
        "no_claim": NO_CLAIM if summary.contrasts and not summary.verdicts else "",
        "missing": _missing(summary),
        "forest": "" if claims is None else Markup(inline(claims.figure, number=0, title=claims.about)),
        "qualified": "verdicts" if summary.verdicts or summary.later else "contrasts",
        "limits": [*map(visible, (*qualifiers(summary), *source.notes))],
        "figures": [
            (one.id, one.title, one.about, Markup(inline(one.figure, number=number, title=one.description)))
            for number, one in enumerate(further_figures(source), start=1)
        ],  # drawn by matplotlib, which escapes its texts
        "tables": [_table(item) for item in rest],
        "origin": [(label, visible(text)) for block in origin for label, text in block.lines],
    }


def _answer(verdict: Verdict, response: Response) -> Answer:
    found, numbers = finding(verdict, response)
    tone = "open" if is_open(verdict) else TONES.get(verdict.outcome) or "good"
    return Answer(outcome=verdict.heading, tone=tone, found=_html(found, is_first=True), numbers=_html(numbers))


def _html(markdown: str, *, is_first: bool = False) -> Any:
    """A sentence as HTML: what is in backticks is code; the first letter is a capital if it begins its line."""
    from markupsafe import Markup

    text = visible(markdown)
    text = text[:1].upper() + text[1:] if is_first else text
    return Markup(_CODE.sub(r"<code>\1</code>", escape(text)))


def _missing(summary: Summary) -> str:
    """Which trials the study lacks; empty: it lacks none."""
    if not summary.points:
        return "" if summary.identities else "Nothing has been trained yet: there is no result to show."
    states = {"not yet run": summary.missing, "failed": summary.failed, "timed out": summary.timed_out}
    said = ", ".join(f"{number} {state}" for state, number in states.items() if number)
    others = sum(states.values()) < summary.planned
    then = "this page is about the others" if others else "there is no result to show"
    return f"{said} of {summary.planned} trials: {then}." if said else ""


def _table(item: Item) -> Mapping[str, Any]:
    """A table for the template. A block becomes a table of two columns without headings."""
    if isinstance(item, Block):
        rows: Sequence[Sequence[str]] = item.lines
        return {"title": item.title, "caption": (), "columns": (), "rows": rows, "notes": ()}
    shown: Table = item.without("spread")
    return {
        "title": shown.title,
        "caption": shown.caption,
        "columns": [(column.heading, column.justify) for column in shown.columns],
        "rows": [[_cell(cell) for cell in row] for row in shown.rows],
        "notes": shown.notes,
    }


def _cell(text: str) -> str:
    return text.replace(PAD, "").replace(NO_BREAK, " ").strip()
