"""The first screen: the question, a verdict for each claim, the contrasts, what qualifies them, how to see more."""

import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ablate.analysis.summary import Contrast, Summary
from ablate.report.heading import study_block
from ablate.report.screen import contrast_rows
from ablate.report.screen.claim_lines import claim_lines, heading
from ablate.report.screen.failed_trials import failed_trials
from ablate.report.screen.forest import ASCII, UNICODE, forest
from ablate.report.screen.qualifiers import qualifiers
from ablate.report.tables.identities import TONES as HELD
from ablate.report.tables.identities import identity_lines
from ablate.report.tables.kind import Results
from ablate.report.tables.registry import ALL, TABLES
from ablate.report.tables.verdicts import LATER, NO_CLAIM
from ablate.report.text.ascii import to_ascii
from ablate.report.text.block_layout import labelled
from ablate.report.text.cut import ELLIPSIS
from ablate.report.text.line import Line, Span, line
from ablate.report.text.quantity import counted
from ablate.report.text.wrap import widest, wrap

LINES, COLUMNS = 45, 80
"""The most lines of a screen of this width; a narrower one has more, since its lines wrap."""
_MAX_ENTRY_LINES = 3
"""Of one entry of the header, or of one failed trial."""
_FAILURE_LINES, _QUALIFIER_LINES = 6, 8
"""Lines that are kept free for these sections, blank line and title among them."""
_COUNT_LINES = 2
"""A blank line, and one that counts what there is no room for."""
_AXIS_LINES = 2
_MIN_PLOT_ROWS = 2


@dataclass(frozen=True, kw_only=True)
class _Page:
    """What all sections need: the study, the command that shows more, and what the terminal can show."""

    summary: Summary
    name: str
    """What `ablate show` finds the study by; empty: its own name."""
    show: str
    """The command that shows more."""
    width: int
    ascii_only: bool

    def in_charset(self, text: str) -> str:
        """The text with the characters that may be used."""
        return to_ascii(text) if self.ascii_only else text

    def title(self, text: str) -> list[Line]:
        """A heading, wrapped."""
        first, *rest = wrap(self.in_charset(text), self.width, hang=True).split("\n")
        return [line(), line(first, "title"), *(line(more, "title") for more in rest)]

    def labelled(self, lines: Sequence[tuple[str, str]], *, most: int | None = None) -> list[list[Line]]:
        """Labelled lines, with a limit on the lines of each entry."""
        found = labelled([(self.in_charset(label), self.in_charset(text)) for label, text in lines], self.width)
        return [self._shortened(entry, most) for entry in found]

    def _shortened(self, entry: list[Line], most: int | None) -> list[Line]:
        if most is None or len(entry) <= most:
            return entry
        gap = ELLIPSIS[self.ascii_only]
        text = "".join(span.text for span in entry[most - 1])
        while widest([text]) > self.width - len(gap):
            text = text[:-1]
        return [*entry[: most - 1], line(f"{text}{gap}")]

    def section(self, title: str, entries: Sequence[Sequence[Line]], room: int, *, more: str) -> list[Line]:
        """A heading with as many entries as there is room for; says how many are left out, and where they are.

        One line where there is room for no entry.

        Args:
            title: of the section.
            entries: each on its lines.
            room: lines of all of it.
            more: the name of the table that has them all.
        """
        top = self.title(title)
        if len(top) + sum(map(len, entries)) <= room:
            return [*top, *(each for entry in entries for each in entry)]
        left = room - len(top) - 1
        if left <= 0:
            return [line(), line(f"{title.partition(':')[0]} ({len(entries)}): --table {more}", "faint")]
        shown: list[Line] = []
        count = 0
        for entry in entries:
            if len(shown) + len(entry) > left:
                break
            shown += entry
            count += 1
        if not count:
            shown, count = self._shortened([*entries[0]], left), 1
        rest = len(entries) - count
        said = [line(f"  and {rest} more: --table {more}", "faint")] if rest else []
        return [*top, *shown, *said]


@dataclass(frozen=True, kw_only=True)
class _Section:
    """A part of the screen that takes as many lines as there is room for."""

    least: int
    """Lines that it takes however little room there is."""
    reserved: int
    """Lines that are kept free for it, if all sections can have theirs."""
    render: Callable[[int], list[Line]]
    """From the number of lines that it may take to its lines."""


def screen(results: Results, *, width: int, ascii_only: bool = False) -> tuple[Line, ...]:
    """At most 45 lines at 80 columns, whatever the study has; nothing is left out without saying so.

    Args:
        results: of the study.
        width: in cells.
        ascii_only: whether only ASCII may be used.
    """
    summary = results.summary
    page = _Page(
        summary=summary,
        name=results.name,
        show=f"ablate show {shlex.quote(results.name or summary.study)}",
        width=width,
        ascii_only=ascii_only,
    )
    top, foot = _header(page), _foot(page) if results.is_on_disk else []
    room = max(LINES, LINES * COLUMNS // max(width, 1)) - len(top) - len(foot)
    sections = [*_verdicts(page), *_identities(page), *_plot(page), *_failures(page), *_limits(page)]
    is_roomy = sum(section.reserved for section in sections) <= room
    kept = [section.reserved if is_roomy else section.least for section in sections]
    lines: list[Line] = []
    for number, section in enumerate(sections):
        lines += section.render(room - len(lines) - sum(kept[number + 1 :]))
    return (*top, *lines, *foot)


def _section(
    page: _Page, title: str, entries: Sequence[Sequence[Line]], *, more: str, reserved: int = 0
) -> Iterator[_Section]:
    """A section of entries; none where there is no entry."""
    if entries:
        whole = len(page.title(title)) + sum(map(len, entries))
        yield _Section(
            least=_COUNT_LINES,
            reserved=min(max(reserved, _COUNT_LINES), whole),
            render=lambda room: page.section(title, entries, room, more=more),
        )


def _header(page: _Page) -> list[Line]:
    block = study_block(page.summary, page.name, is_whole=False)
    entries = page.labelled(block.lines, most=_MAX_ENTRY_LINES)
    return [line(page.in_charset(block.title), "title"), *(each for entry in entries for each in entry)]


def _foot(page: _Page) -> list[Line]:
    """How to see more. The command stays whole, however long the name of the study: it is there to be copied."""
    *names, last = [*(name for name, kind in TABLES.items() if kind.present(page.summary)), ALL]
    listed = f"{', '.join(names)} or {last}" if names else last
    texts = [("", f"NAME: {listed}"), ("", "--format json, csv, markdown or latex: the same for programs and papers")]
    command, *more = page.labelled([("more", "-"), *texts])
    first = "".join(span.text for span in command[0]).removesuffix("-") + f"{page.show} --table NAME"
    return [line(), line(first), *(each for entry in more for each in entry)]


def _verdicts(page: _Page) -> Iterator[_Section]:
    """The verdicts on stated claims, then those on claims that were given later."""
    summary = page.summary
    if not summary.verdicts and summary.contrasts:
        yield from _section(page, "Verdicts", page.labelled([("", NO_CLAIM)]), more="contrasts")
    for title, verdicts in (("Verdicts", summary.verdicts), (LATER, summary.later)):
        if verdicts:
            entries = claim_lines(verdicts, page.width, ascii_only=page.ascii_only, in_charset=page.in_charset)
            yield from _section(page, f"{title}: {heading(verdicts)}", entries, more="verdicts")


def _identities(page: _Page) -> Iterator[_Section]:
    """Those that fail first."""
    found = sorted(identity_lines(page.summary), key=lambda held: held[0] != "fails")
    entries = page.labelled(found)
    coloured = [_coloured(entry, held) for entry, (held, _) in zip(entries, found, strict=True)]
    yield from _section(page, "Identities", coloured, more="identities")


def _coloured(entry: Sequence[Line], word: str) -> list[Line]:
    """An entry with its label in its colour."""
    text = "".join(span.text for span in entry[0])
    before, _, after = text.partition(word)
    return [(Span(text=before), Span(text=word, style=HELD[word]), Span(text=after)), *entry[1:]]


def _plot(page: _Page) -> Iterator[_Section]:
    """The forest plot; one line that counts the contrasts where there is no room for it."""
    contrasts = contrast_rows.plotted(page.summary)
    if contrasts:
        yield _Section(least=_COUNT_LINES, reserved=_COUNT_LINES, render=lambda room: _plotted(page, contrasts, room))


def _plotted(page: _Page, contrasts: Sequence[Contrast], room: int) -> list[Line]:
    """As many contrasts as there is room for, those with a claim first."""
    margin = (ASCII if page.ascii_only else UNICODE).margin
    top = page.title(contrast_rows.title(page.summary, contrasts, margin=margin))
    count = min(room - len(top) - _AXIS_LINES, len(contrasts))
    count -= count < len(contrasts)
    hidden = len(contrasts) - count
    if count < min(_MIN_PLOT_ROWS, len(contrasts)):
        return [line(), line(f"{counted(len(contrasts), 'contrast')}: --table contrasts", "faint")]
    rows = contrast_rows.rows(page.summary, contrasts[:count], in_charset=page.in_charset)
    drawn = [(Span(text="  "), *row) for row in forest(rows, page.width - 2, ascii_only=page.ascii_only)]
    more = f"  and {counted(hidden, 'more contrast')}: --table contrasts"
    return [*top, *drawn, *([line(more, "faint")] if hidden else [])]


def _failures(page: _Page) -> Iterator[_Section]:
    entries = page.labelled(failed_trials(page.summary), most=_MAX_ENTRY_LINES)
    yield from _section(page, "Trials that did not complete", entries, more="failures", reserved=_FAILURE_LINES)


def _limits(page: _Page) -> Iterator[_Section]:
    summary = page.summary
    what = "verdicts" if summary.verdicts or summary.later else "contrasts"
    entries = page.labelled([("", text) for text in qualifiers(summary)])
    yield from _section(page, f"What qualifies the {what}", entries, more=ALL, reserved=_QUALIFIER_LINES)
