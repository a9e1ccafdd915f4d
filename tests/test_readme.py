"""The README is short, in the order that a newcomer needs, and true; tests/docs/ runs its blocks."""

import re
import subprocess

import msgspec

from ablate.analysis.summary import Summary
from ablate.report.formats.registry import show
from tests import REPOSITORY
from tests.docs.page import blocks

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


def test_it_is_short_and_in_order():
    lines = README.splitlines()
    assert len(lines) <= 250
    titles = [line for line in lines if line.startswith("## ")]
    first = ["## Two commands", "## A question of your own", "## What you can rely on", "## Where to read on"]
    assert titles[: len(first)] == first
    assert README.index("(docs/screen.svg)") < README.index(titles[0])


def test_a_question_of_one_s_own_takes_twenty_lines():
    question = next(block for block in blocks(REPOSITORY / "README.md") if block.kind == "yaml")
    assert len([line for line in question.text.splitlines() if not line.startswith("#")]) <= 20


def test_the_committed_table_is_of_the_committed_numbers(tmp_path):
    summary = msgspec.json.decode((REPOSITORY / "results/core.json").read_bytes(), type=Summary)
    with (tmp_path / "table").open("w+", encoding="utf-8") as stream:
        show(summary, "markdown", stream)
        stream.seek(0)
        assert stream.read() == (REPOSITORY / "results/core.md").read_text(encoding="utf-8")
    assert summary.command == "ablate run core"
    assert (summary.complete + summary.diverged, summary.replicates, len(summary.points)) == (160, 5, 32)


def test_it_counts_the_studies_and_the_trials():
    studies = len(list((REPOSITORY / "conf/study").rglob("*.yaml")))
    assert f"the {studies} studies that ship" in README
    assert "trains the 160 nets" in README


def test_make_knows_its_commands():
    named = set(re.findall(r"^make (\w+)", README, re.MULTILINE)) | set(re.findall(r"`make (\w+)`", README))
    assert named >= {"run", "test", "docs", "screen"}
    for target in named:
        done = subprocess.run(["make", "-n", target], cwd=REPOSITORY, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
