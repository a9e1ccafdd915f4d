"""Each recipe of CONTRIBUTING.md, applied to a copy of the repository: it is short, and its test passes there.

A recipe without the line in its registry must not pass, or its test would say nothing of that line.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import REPOSITORY
from tests.docs.page import WRITTEN, Block, blocks

PAGE = REPOSITORY / "CONTRIBUTING.md"
COPIED = ("ablate", "conf", "tests", "results", "pyproject.toml")
MOST_LINES = 15
RECIPES = ("A design", "A diagnostic", "A cost column", "An output format", "An engine", "A model", "An edit")


def recipes() -> dict[str, list[Block]]:
    """Title of a recipe → its blocks."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    heads = [(number, line) for number, line in enumerate(lines, start=1) if re.match("##+ ", line)]
    found: dict[str, list[Block]] = {}
    for block in blocks(PAGE):
        head = next((line for number, line in reversed(heads) if number < block.line), "")
        if head.startswith("### "):
            found.setdefault(head[4:], []).append(block)
    return found


def lines_to_write(block: Block) -> int:
    """The lines of a block that somebody would write, blank ones, imports, docstrings and the file's name apart."""
    lines = block.text.splitlines()
    if block.kind == "diff":
        lines = [line[1:] for line in lines if line.startswith("+")]
    return (
        0
        if block.kind == "sh"
        else sum(not re.match(r"\s*($|# |\"{3}|import |from \S+ import )", line) for line in lines)
    )


def edit(folder: Path, diff: str) -> None:
    """Applies a diff whose hunks start with the name of their file; what it removes or follows must be there once."""
    for file, hunk in re.findall(r"^# (\S+)\n((?:[ +-].*\n)+)", diff, re.MULTILINE):
        path = folder / file
        text = path.read_text(encoding="utf-8")
        before = "".join(f"{line[1:]}\n" for line in hunk.splitlines() if line[0] in " -")
        after = "".join(f"{line[1:]}\n" for line in hunk.splitlines() if line[0] in " +")
        if "\n-" in f"\n{hunk}":  # a part of a line may be replaced
            before, after = before.removesuffix("\n"), after.removesuffix("\n")
        assert text.count(before) == 1, f"{file} has {text.count(before)} places that read\n{before}"
        path.write_text(text.replace(before, after), encoding="utf-8")


def copy(folder: Path) -> None:
    for name in COPIED:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)


def apply(recipe: list[Block], folder: Path) -> None:
    for block in recipe:
        if block.kind in WRITTEN:
            assert block.file is not None
            (folder / block.file).parent.mkdir(parents=True, exist_ok=True)
            (folder / block.file).write_text(block.text, encoding="utf-8")
        elif block.kind == "diff":
            edit(folder, block.text)


def command(recipe: list[Block], folder: Path) -> subprocess.CompletedProcess[str]:
    (shell,) = [block.text for block in recipe if block.kind == "sh"]
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", shell],
        cwd=folder,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(folder),
            "PYTEST_ADDOPTS": "-n 0 -x",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def test_there_is_a_recipe_for_each():
    assert tuple(recipes()) == RECIPES


@pytest.mark.parametrize("title", RECIPES)
def test_a_recipe_is_short(title):
    recipe = recipes()[title]
    assert {block.kind for block in recipe} <= {"python", "yaml", "diff", "sh"}
    assert sum(map(lines_to_write, recipe)) <= MOST_LINES


@pytest.mark.slow
@pytest.mark.parametrize("title", RECIPES)
def test_a_recipe_does_what_it_says(title, tmp_path):
    recipe = recipes()[title]
    copy(tmp_path)
    apply(recipe, tmp_path)
    done = command(recipe, tmp_path)
    assert done.returncode == 0, done.stdout[-6000:]
    assert re.search(r"\b[1-9]\d* passed", done.stdout), done.stdout[-2000:]


@pytest.mark.slow
@pytest.mark.parametrize("title", RECIPES)
def test_a_recipe_s_test_misses_the_line_in_the_registry(title, tmp_path):
    recipe = recipes()[title]
    copy(tmp_path)
    apply([block for block in recipe if block.kind != "diff"], tmp_path)
    assert command(recipe, tmp_path).returncode != 0
