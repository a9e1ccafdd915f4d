"""`make questions` asks what can be asked on this machine, and says what it leaves out."""

import subprocess
from pathlib import Path

import pytest

from tests import REPOSITORY

ABLATE = """#!/bin/sh
echo "$*" >> calls
case "$*" in
  "list studies --names") printf 'broken\\nhere\\nlong\\npublished/away\\npublished/done\\n' ;;
  "list studies --tag long --names") printf 'long\\npublished/done\\n' ;;
  "run published/away") echo "Error: MNIST is not in data." >&2; exit 2 ;;
  "run broken") exit $BROKEN ;;
  "show long") exit 2 ;;
  verdicts*) echo "| $* |" ;;
esac
"""
"""What is asked of `ablate`, and what it answers."""


@pytest.fixture
def questions(here: Path):
    """Runs the recipe with these commands in place of the real ones."""
    commands = here / "bin"
    commands.mkdir()
    for name, text in (("ablate", ABLATE), ("python", "#!/bin/sh\n")):
        (commands / name).write_text(text, encoding="utf-8")
        (commands / name).chmod(0o755)

    def run(*words: str, broken: int = 0) -> subprocess.CompletedProcess[str]:
        (here / "calls").unlink(missing_ok=True)
        recipe = ["make", "-f", str(REPOSITORY / "Makefile"), "-o", ".venv/.installed", "questions", "BIN=bin", *words]
        return subprocess.run(
            recipe,
            cwd=here,
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": "/usr/bin:/bin", "BROKEN": str(broken)},
        )

    return run


def test_what_cannot_be_asked_here_is_skipped_with_a_sentence(questions, here):
    done = questions()
    assert done.returncode == 0, done.stderr
    assert "Error: MNIST is not in data.\npublished/away is skipped, for the reason above.\n" in done.stderr
    assert "long is skipped: it takes long. Run it by itself ('ablate run long'), or all such" in done.stderr
    calls = (here / "calls").read_text().splitlines()
    assert [call for call in calls if call.startswith("run")] == ["run broken", "run here", "run published/away"]
    kept = (here / "results/questions/verdicts.md").read_text()
    assert kept == "| verdicts broken here published/done --format markdown |\n"
    assert "--format json" in (here / "results/questions/verdicts.json").read_text()


def test_long_ones_are_asked_where_that_is_said(questions, here):
    assert questions("LONG=1").returncode == 0
    assert {"run long", "run published/done"} <= set((here / "calls").read_text().splitlines())
    assert "here long published/done" in (here / "results/questions/verdicts.md").read_text()


def test_a_study_that_fails_ends_it(questions, here):
    done = questions(broken=1)
    assert done.returncode != 0
    assert not (here / "results").exists()
    assert "run here" not in (here / "calls").read_text()
