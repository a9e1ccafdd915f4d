"""A page of the documentation: its blocks, in their order, and what each of them is for.

A block is run, or the comment before it says why not: `<!-- not executed: reason -->`. Python, YAML and the like are
written to the file that their first comment names; `sh` is run as a shell would run it. A `text` block under
`<!-- output -->` is what the `sh` block before it printed, with `…` for what differs from machine to machine.
"""

import os
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import yaml

BLOCK = re.compile(r"^(?:<!-- (?P<comment>[^\n]*) -->\n)?```(?P<kind>[\w-]+)\n(?P<text>.*?)^```$", re.M | re.S)
FENCE = re.compile(r"^[ \t>]*(?:```|~~~)", re.M)
DIRECTIVE = re.compile(r"^(`{3,})\{[\w-]+\}.*?^\1$", re.M | re.S)
FILE = re.compile(r"^(?:# @package \S+\n)?# (?P<path>[\w./-]+\.(?:py|yaml|toml))(?::[^\n]*)?\n")
WRITTEN = ("python", "yaml", "toml")
NOT_EXECUTED, OUTPUT = "not executed: ", "output"
ANY = "…"
HANG_S = 1200
"""Time after which a block is taken to hang: a busy machine makes any of them slow."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """One fenced block of a page."""

    kind: str
    text: str
    line: int
    comment: str

    @property
    def reason(self) -> str | None:
        """Why it is not executed; None: it is."""
        return self.comment.removeprefix(NOT_EXECUTED) if self.comment.startswith(NOT_EXECUTED) else None

    @property
    def is_output(self) -> bool:
        """Whether it shows what the block before it printed."""
        return self.comment == OUTPUT

    @property
    def file(self) -> str | None:
        """The file that its first comment names."""
        named = FILE.match(self.text)
        return named["path"] if named else None


def blocks(page: Path) -> list[Block]:
    """The blocks of a page, without Sphinx's directives."""
    text = DIRECTIVE.sub(lambda found: "\n" * found[0].count("\n"), page.read_text(encoding="utf-8"))
    found = [
        Block(kind=m["kind"], text=m["text"], line=text.count("\n", 0, m.start()) + 1, comment=m["comment"] or "")
        for m in BLOCK.finditer(text)
    ]
    fences = len(FENCE.findall(text))
    assert fences == 2 * len(found), (
        f"{page.name}: {fences} fences, but {len(found)} blocks that start at a line's start"
    )
    return found


def check(block: Block) -> None:
    """A block that is run can be, one that is not says why, and either is well-formed."""
    if block.reason is not None:
        assert len(block.reason.split()) >= 3, "the reason for not executing it is too short to be one"
    elif block.kind == "text":
        assert block.is_output, "a text block is the output of the block before it, or says why it is not"
    elif block.kind in WRITTEN:
        assert block.file is not None, "its first comment must name the file that it is written to"
    else:
        assert block.kind == "sh", f"nobody knows how to execute a block of {block.kind}"
    match block.kind:
        case "python":
            compile(block.text, block.file or "block", "exec")
        case "yaml":
            yaml.safe_load(block.text)
        case "toml":
            tomllib.loads(block.text)
        case "sh":
            parsed = subprocess.run(["bash", "-n", "-c", block.text], capture_output=True, text=True, check=False)
            assert parsed.returncode == 0, parsed.stderr
        case _:
            pass


def run(page: Path, folder: Path) -> None:
    """Runs the blocks of a page in their order, in one folder."""
    printed = ""
    for block in blocks(page):
        where = f"{page.name}, line {block.line}"
        if block.reason is not None:
            continue
        if block.is_output:
            assert matches(block.text, printed), f"{where} shows\n{block.text}\nbut what was printed is\n{printed}"
        elif block.kind in WRITTEN:
            assert block.file is not None
            path = folder / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
        else:
            printed = shell(block.text, folder, where)


def shell(script: str, folder: Path, where: str) -> str:
    """What a script writes to stdout and stderr, which must end well."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "COLUMNS": "80",
            "OMP_NUM_THREADS": "1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=HANG_S,
        check=False,
    )
    assert done.returncode == 0, f"{where}:\n{script}\n{done.stdout[-4000:]}"
    assert "Traceback" not in done.stdout, f"{where}:\n{done.stdout[-4000:]}"
    return done.stdout


def matches(shown: str, printed: str) -> bool:
    """Whether all shown lines were printed, in that order; `…` stands for anything within a line."""
    lines = iter(line.rstrip() for line in printed.splitlines())
    wanted = [line.rstrip() for line in shown.strip("\n").splitlines() if line.strip() and line.strip() != ANY]
    return bool(wanted) and all(any(_pattern(line).fullmatch(found) for found in lines) for line in wanted)


def _pattern(line: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, line.split(ANY))))
