import re

import pytest

from ablate.report.document import document
from ablate.report.formats.latex import escape, latex
from ablate.report.text.table import Block, Column, Table


def test_what_latex_reads_otherwise_is_escaped():
    assert escape("a_b 5% c & d # $ {e} ~ ^ \\") == (
        r"a\_b 5\% c \& d \# \$ \{e\} \textasciitilde{} \textasciicircum{} \textbackslash{}"
    )
    assert escape("P̂(better) −0.1 Δ <0.0001") == r"$\hat{P}$(better) $-$0.1 $\Delta$ \textless{}0.0001"


def test_environments_are_balanced_and_rows_complete(core, troubled, single):
    for summary in (core, troubled, *map(single, (1, 2, 3))):
        text = latex(document(summary))
        opened = []
        for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", text):
            if kind == "begin":
                opened.append(name)
            else:
                assert opened.pop() == name
        assert opened == []
        assert text.count("{") == text.count("}")
        for form, body in re.findall(r"\\begin\{tabular\}\{([^\n]*)\}\n(.*?)\\end\{tabular\}", text, re.DOTALL):
            columns = len(re.sub(r"p\{[^}]*\}", "p", form))
            rows = [line for line in body.splitlines() if line.endswith(r"\\")]
            assert len(rows) >= 2
            assert all(len(re.findall(r"(?<!\\)&", row)) == columns - 1 for row in rows)


def test_only_ascii_is_left(core, troubled):
    for summary in (core, troubled):
        latex(document(summary)).encode("ascii")


def test_it_is_a_booktabs_table(troubled):
    text = latex(document(troubled))
    assert all(rule in text for rule in (r"\toprule", r"\midrule", r"\bottomrule", r"\usepackage{booktabs}"))
    assert r"skip\_span=one & 6 & 0.795 [0.438, 1.152] & $-$0.17 [$-$0.53, +0.19]" in text
    assert r"mean [95\%~t~interval]" in text


def test_a_caption_says_n_interval_and_test(core, single):
    assert caption(core, "Main effects").endswith(r"n = 5 replicates; 95\% t interval; paired t test, sign-flip test.}")
    assert caption(single(2), "Contrasts").endswith("n = 2 replicates.}")  # too few for any


def caption(summary, title):
    """The caption of the table that is headed like this."""
    return next(line for line in latex(document(summary)).splitlines() if line.startswith(rf"\caption{{{title}"))


def test_a_wide_table_goes_on_below(core):
    text = latex(document(core))
    (environment,) = [part for part in text.split(r"\begin{table}") if r"\caption{Main effects" in part]
    assert environment.count(r"\begin{tabular}") == environment.count(r"skip\_span: one vs two &") > 1


@pytest.mark.parametrize("item", ["[x]", "[95%]"])
def test_a_row_never_begins_with_a_bracket(item):
    # It would be taken for the argument of the line break before it.
    text = latex([Table(title="t", columns=(Column(name="a"),), rows=((item,),))])
    assert not any(line.startswith("[") for line in text.splitlines())


def test_blocks_are_lists():
    text = latex([Block(title="study", lines=(("question", "why?"),)), Block(title="Notes", lines=(("", "so"),))])
    assert r"\item[{question}] why?" in text
    assert "\\begin{itemize}\n\\item so\n\\end{itemize}" in text


def test_a_cell_or_an_item_that_opens_with_a_bracket_or_a_star_is_no_argument():
    block = Block(title="t", lines=(("", "[x] y"), ("", "*z")))
    table = Table(title="t", columns=(Column(name="a"),), rows=(("*",), ("[b]",)))
    text = latex([block, table])
    assert r"\item {[x] y}" in text
    assert r"\item {*z}" in text
    assert "{*} \\\\\n{[b]} \\\\" in text
