"""The tests marked gpu."""

import re
import subprocess
import sys
from pathlib import Path

from tests.gpu._stage import Findings, checked

TESTS = Path(__file__).resolve().parents[1]


def run(device: str) -> Findings:
    """A row: what pytest counted. Only files that have such a test are collected."""
    files = sorted(str(file) for file in TESTS.rglob("test_*.py") if "mark.gpu" in file.read_text(encoding="utf-8"))
    command = [sys.executable, "-m", "pytest", "-q", "-m", "gpu", "-p", "no:cacheprovider", "-p", "no:xdist"]
    command += ["-W", "default", *files]  # versions that are there may warn of what those of the tests do not
    ended = subprocess.run(command, cwd=TESTS.parent, capture_output=True, text=True, check=False)
    last = ended.stdout.strip().splitlines()[-1:] or ["nothing was printed"]
    counts = dict(re.findall(r"(\d+) (passed|failed|skipped|errors?)", last[0]))
    told = ", ".join(f"{count} {what}" for count, what in counts.items()) or last[0]
    expected = "skipped" if device == "cpu" else "passed"
    is_right = ended.returncode == 0 and set(counts.values()) == {expected}
    notes = () if device == "cuda" else ("Without a GPU each of them must be skipped.",)
    failures = [line for line in ended.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return checked(
        ("files", "tests", ""), [(str(len(files)), told, "ok" if is_right else "failed")], notes=(*notes, *failures)
    )
