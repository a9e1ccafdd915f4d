"""Every table: listed, named in the help, and written in every format."""

import re

import pytest

from ablate.cli.arguments import FormatOption, TableOption
from ablate.report.formats.registry import FORMATS
from ablate.report.tables.kind import Results
from ablate.report.tables.registry import ALL, TABLES

READ = ("trials", "verdicts")
"""Tables that are made of more than the summary, or have a sentence where there is nothing to judge."""


@pytest.mark.parametrize("format", sorted(FORMATS))
@pytest.mark.parametrize("table", sorted(TABLES))
def test_every_table_is_written_in_every_format(core, troubled, table, format, written):
    for summary in (core, troubled):
        text = written(summary, format, table=table)
        assert text.endswith("\n")
        assert TABLES[table].present(summary) == bool(TABLES[table].items(Results(summary=summary))) or table in READ


def test_the_help_of_the_options_names_all_of_them():
    (option,) = TableOption.__metadata__
    named = option.help.partition(": ")[2].rstrip(".").replace("; or ", ", ")
    assert named.split(", ") == [*TABLES, ALL]
    (option,) = FormatOption.__metadata__
    assert re.match(r"([\w, ]+), or one that", option.help)[1].split(", ") == list(FORMATS)


def test_the_scope_stands_under_every_table_of_estimates_and_no_other(core, written):
    for name, kind in TABLES.items():
        if kind.present(core) and name not in ("trials", "verdicts"):
            assert written(core, table=name).count(core.scope) == kind.estimates, name


def test_all_is_the_whole_document(core, written):
    whole = written(core, "markdown")
    assert written(core, "markdown", table="all") == whole
    assert "Main effects: test/accuracy" in written(core, table="all")
    for name, kind in TABLES.items():
        if kind.in_document and kind.present(core):
            heading = re.search(r"^# (.*)$", written(core, "markdown", table=name), re.MULTILINE)[1]
            assert f"## {heading}\n" in whole


def test_a_table_that_the_study_has_not_is_said_to_be_missing(core, written):
    assert "core has no such table: what the sum of squares divides into." in written(core, table="variance")
    assert written(core, "csv", table="variance").startswith("source,response,")
    assert '"variance": null' in written(core, "json", table="variance")
