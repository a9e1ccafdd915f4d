"""Every block of the README runs, and the screen that it shows is what the committed results print.

Blocks run in their order, in one empty directory: `sh` as a shell would run them; `python` and `yaml` are written to
the file that their first comment names. The block with `make run` and `make test` is not run from inside `make test`:
make is asked whether it knows what it says.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from ablate.analyze.summary import Summary
from ablate.config.catalog import Catalog
from ablate.report.formats.registry import show
from tests.conftest import REPOSITORY

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"^(?:# @package \S+\n)?# (\S+\.(?:py|yaml))\n")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("newcomer")


@pytest.fixture(scope="module")
def blocks() -> list[tuple[str, str]]:
    return BLOCK.findall(README)


def test_every_kind_of_block_is_known(blocks):
    assert {kind for kind, _ in blocks} == {"sh", "python", "yaml", "text"}
    assert all(FILE.match(text) for kind, text in blocks if kind in ("python", "yaml"))


@pytest.mark.slow
def test_the_blocks_run_in_their_order(blocks, folder):
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "80",
        "OMP_NUM_THREADS": "1",
    }
    for kind, text in blocks:
        if kind in ("python", "yaml"):
            name = FILE.match(text)
            assert name is not None
            path = folder / name[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        elif kind == "sh":
            script = "\n".join(_runnable(line) for line in text.splitlines())
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", script],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, f"{text}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
            assert "Traceback" not in done.stdout + done.stderr
    for study in ("smoke", "smoke@model.width=8,16", "smoke@optimizer.lr=0.01", "gate", "lit"):
        assert (folder / "results" / study / "summary.md").is_file()


def test_the_verdicts_are_those_of_the_committed_results():
    kept = (REPOSITORY / "results/questions/verdicts.md").read_text(encoding="utf-8")
    rows = [line for line in kept.splitlines() if line.startswith("|")]
    shown = re.search(r"<!-- verdicts -->\n(.*?)<!-- end of verdicts -->", README, re.DOTALL)
    assert shown is not None
    assert shown[1].splitlines() == rows
    for study in Catalog(REPOSITORY).names("study"):
        if study != "smoke":  # which states no claim
            assert any(row.endswith(f"| ablate run {study} |") for row in rows), study


def test_the_screen_is_what_the_committed_results_print(tmp_path):
    summary = msgspec.json.decode((REPOSITORY / "results/core.json").read_bytes(), type=Summary)
    with (tmp_path / "screen").open("w+", encoding="utf-8") as stream:
        show(summary, "table", stream, width=80)
        stream.seek(0)
        printed = stream.read()
    shown = re.search(r"<!-- screen: core -->\n```text\n(.*?)```", README, re.DOTALL)
    assert shown is not None
    assert _lines(shown[1]) == _lines(printed)
    assert 25 < len(_lines(printed)) <= 45


def test_the_committed_table_is_of_the_committed_numbers(tmp_path):
    summary = msgspec.json.decode((REPOSITORY / "results/core.json").read_bytes(), type=Summary)
    with (tmp_path / "table").open("w+", encoding="utf-8") as stream:
        show(summary, "markdown", stream)
        stream.seek(0)
        assert stream.read() == (REPOSITORY / "results/core.md").read_text(encoding="utf-8")
    assert summary.command == "ablate run core"
    assert (summary.complete + summary.diverged, summary.replicates, len(summary.points)) == (160, 5, 32)


def test_make_knows_its_commands():
    for target in ("run", "test"):
        done = subprocess.run(["make", "-n", target], cwd=REPOSITORY, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_links_lead_somewhere():
    for target in re.findall(r"\]\((?!https?://)([^)#]+)\)", README):
        assert (REPOSITORY / target).exists(), target


def _runnable(line: str) -> str:
    """The README's reader activates a virtual environment and runs make; the test has one, and is run by make."""
    return ":" if line.startswith(("make ", ". .venv")) else line


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]
