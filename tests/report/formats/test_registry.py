import subprocess
import sys

import pytest

from ablate.errors import ConfigError
from ablate.report.formats.registry import FORMATS, check, described, show


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_is_written_to_standard_output(single, name, capsys):
    show(single(3), name, table="contrasts")
    found = capsys.readouterr()
    assert "skip_span" in found.out.replace("\\_", "_")
    assert found.out.endswith("\n")
    assert found.err == ""


def test_these_formats_are_there_and_each_is_described():
    assert set(FORMATS) >= {"table", "json", "csv", "markdown", "latex"}
    assert all(described()[name] for name in FORMATS)
    assert described()["csv"].startswith("one tidy table")


def test_an_unknown_format_names_the_nearest(single):
    with pytest.raises(ConfigError, match=r"Unknown format 'markdwn'\. Did you mean 'markdown'\? Valid: csv, json"):
        show(single(1), "markdwn")


def test_an_unknown_table_names_the_nearest(single):
    with pytest.raises(ConfigError, match=r"Unknown table 'contrast'\. Did you mean 'contrasts'\? Valid: all"):
        show(single(1), table="contrast")


@pytest.mark.parametrize(
    ("format", "table", "ascii_only", "says"),
    [
        ("jsn", None, False, "Did you mean 'json'?"),
        ("json", "point", False, "Did you mean 'points'?"),
        ("csv", "all", False, "CSV holds one table at a time"),
        ("json", None, True, "--ascii is for --format table"),
    ],
)
def test_what_could_not_be_written_is_refused_beforehand(format, table, ascii_only, says):
    with pytest.raises(ConfigError, match=says.replace("?", r"\?")):
        check(format, table, ascii_only=ascii_only)


def test_what_can_be_written_passes():
    check("csv")
    check("csv", "trials")
    check("json", "all")
    check("table", "all", ascii_only=True)


def test_a_width_is_heeded(core, capsys):
    for table in (None, "all", "points"):
        show(core, "table", width=100, table=table)
        assert max(map(len, capsys.readouterr().out.splitlines())) <= 100


def test_importing_the_room_imports_neither_rich_nor_scipy_nor_torch():
    rooms = "answers", "content", "document", "formats.registry", "live.message", "live.progress", "screen.screen"
    modules = ", ".join(
        f"ablate.report.{name}" for name in (*rooms, "tables.plan", "tables.registry", "figures.forest")
    )
    code = f"import sys, {modules}; print({{'rich', 'numpy', 'scipy', 'torch', 'matplotlib'}} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "set()\n"
