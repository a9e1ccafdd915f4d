import subprocess
import sys

import pytest

from ablate.errors import ConfigError
from ablate.report.formats.registry import FORMATS, show


@pytest.mark.parametrize("name", ["table", "json", "csv", "markdown", "latex"])
def test_each_format_is_written_to_standard_output(single, name, capsys):
    show(single(3), name)
    found = capsys.readouterr()
    assert "skip_span" in found.out.replace("\\_", "_")
    assert found.out.endswith("\n")
    assert found.err == ""


def test_the_formats_are_these():
    assert set(FORMATS) == {"table", "json", "csv", "markdown", "latex"}


def test_an_unknown_format_names_the_nearest(single):
    with pytest.raises(ConfigError, match=r"Unknown format 'markdwn'\. Did you mean 'markdown'\? Valid: csv, json"):
        show(single(1), "markdwn")


def test_a_width_is_heeded(core, capsys):
    show(core, "table", width=100)
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 100


def test_importing_the_room_imports_neither_rich_nor_scipy_nor_torch():
    rooms = ", ".join(
        f"ablate.report.{name}" for name in ("formats", "message", "plan_table", "listing", "health", "progress")
    )
    code = f"import sys, {rooms}; print({{'rich', 'scipy', 'torch', 'matplotlib'}} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "set()\n"
