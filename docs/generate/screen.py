"""screen.svg: what `ablate show core` prints of the committed results, drawn by rich."""

import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec
from rich.console import Console
from rich.text import Text

from ablate.analysis.summary import Summary
from ablate.store import StudyDirectory
from ablate.study.study_summary import write_summary

WIDTH = 80
COMMAND = ("show", "core")
REMOTE_FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def screen(repository: Path) -> str:
    """The picture, as SVG without anything that a browser would have to fetch."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), highlight=False)
    console.print(f"[bold]$ ablate {' '.join(COMMAND)}[/bold]")
    console.print(Text.from_ansi(printed(repository)))
    return REMOTE_FONT.sub("", console.export_svg(title="ablate", unique_id="screen"))


def printed(repository: Path) -> str:
    """What the command writes to a terminal that has colours."""
    summary = msgspec.json.decode((repository / "results/core.json").read_bytes(), type=Summary)
    with tempfile.TemporaryDirectory() as folder:
        directory = StudyDirectory(Path(folder) / "results" / "core")
        directory.write("study.yaml", b"# Its summary is all that `show` reads.\n")
        write_summary(directory, summary)
        done = subprocess.run(
            [sys.executable, "-m", "ablate", *COMMAND],
            cwd=folder,
            env={k: v for k, v in os.environ.items() if k != "NO_COLOR"}
            | {
                "COLUMNS": str(WIDTH),
                "FORCE_COLOR": "1",
                "TERM": "xterm-256color",
                "PYTHONPATH": str(repository),
                "PYTHONIOENCODING": "utf-8",
            },
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
    return done.stdout
