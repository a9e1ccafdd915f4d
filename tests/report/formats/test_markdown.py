import re

import pytest

from ablate.report.document import document
from ablate.report.formats.markdown import escape, markdown
from ablate.report.text.table import Block, Column, Table


def test_tables_have_as_many_cells_in_every_row(core, troubled):
    for summary in (core, troubled):
        lines = markdown(document(summary)).splitlines()
        runs, run = [], []
        for line in [*lines, ""]:
            if line.startswith("|"):
                run.append(len(re.findall(r"(?<!\\)\|", line)))
            elif run:
                runs.append(run)
                run = []
        assert len(runs) >= 2
        assert all(len(set(run)) == 1 for run in runs)


def test_numbers_and_headings_are_there(troubled):
    text = markdown(document(troubled))
    assert text.startswith("# skip_span\n")
    assert "## Design points: test/accuracy\n" in text
    assert "| skip_span=one | 6 | 0.795 [0.438, 1.152] | −0.17 [−0.53, +0.19] | 1/6 [0.00, 0.64] |" in text
    assert "| mean [95% t interval] |" in text
    assert text.count("training randomness") == 1


def test_what_markdown_reads_otherwise_is_escaped():
    assert escape("a|b *c* `d` <e> \\ _f_ skip_span") == r"a\|b \*c\* \`d\` \<e\> \\ \_f\_ skip_span"
    table = Table(title="t", columns=(Column(name="a|b"),), rows=(("two\nlines",),))
    assert markdown([table]).splitlines()[2:5] == [r"| a\|b |", "| :--- |", "| two lines |"]


def test_blocks_are_lists():
    text = markdown([Block(title="study", lines=(("question", "why?"), ("", "so")))])
    assert text == "# study\n\n- **question**: why?\n- so\n"


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("[a](javascript:b)", r"[a\](javascript:b)"),
        ("[a]: b", r"[a\]: b"),
        ("[a][b]", r"[a\][b]"),
        ("[−0.1, 0.2]", "[−0.1, 0.2]"),
        ("<script>", r"\<script\>"),
        ("&lt;b&gt;", r"\&lt;b\&gt;"),
        ("~~gone~~", r"\~\~gone\~\~"),
        ("# heading", r"\# heading"),
        ("- item", r"\- item"),
        ("1. item", r"1\. item"),
        ("-0.5", "-0.5"),
        ("\x1b[1m", r"\\x1b[1m"),
    ],
)
def test_nothing_becomes_a_link_html_or_a_heading(text, escaped):
    assert escape(text) == escaped
