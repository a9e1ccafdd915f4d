"""The command line, in this process, on studies that train in a tenth of a second."""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from typer.testing import CliRunner, Result

from ablate.cli.app import app
from ablate.report.live.progress import PREPARING

TINY = (
    "smoke", "engine=inline", "model.width=4", "model.depth=0", "model.skip_span=0",
    "data.limit=60", "data.val_size=10", "data.test_size=20",
)  # fmt: skip


@pytest.fixture
def tiny() -> tuple[str, ...]:
    """The words of a study of 2 × 2 trials of one or two optimizer steps each."""
    return TINY


@pytest.fixture
def ablate(here: Path) -> Callable[..., Result]:
    """Calls the command line in an empty working directory."""

    def call(*words: str) -> Result:
        result = CliRunner().invoke(app, [str(word) for word in words])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert "bug in ablate" not in result.stderr, Path(result.stderr.split()[-1].rstrip(".")).read_text()
        return result

    return call


@pytest.fixture
def refused(ablate, here) -> Callable[..., str]:
    """Calls the command line with something that is wrong, and gives what it says of it in one screen."""

    def call(*words: str) -> str:
        before = contents(here)
        result = ablate(*words)
        assert result.exit_code == 2, result.output
        assert result.stdout == ""
        assert "Traceback" not in result.stderr
        said = result.stderr
        if PREPARING in (line := said.partition("\n")[0]):  # networks are built, and only then found to be wrong
            said = said.removeprefix(f"{line}\n")
        assert 0 < len(said) < 1600  # a screen of 20 lines
        assert contents(here) == before, "nothing is trained and nothing written"
        return said

    return call


@pytest.fixture
def write(here: Path) -> Callable[[str, str], Path]:
    """Writes a file of the user's own, in the working directory."""

    def to(name: str, text: str) -> Path:
        path = here / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
        importlib.invalidate_caches()
        return path

    return to


@pytest.fixture(autouse=True)
def _imports(tmp_path: Path) -> Iterator[None]:
    """Forgets the modules of a test's own working directory: the next test has others of the same names."""
    path, before = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - before:
        spec = getattr(sys.modules[name], "__spec__", None)
        places = [spec.origin or "", *(spec.submodule_search_locations or ())] if spec else []
        if any(Path(place).is_relative_to(tmp_path) for place in places):
            del sys.modules[name]


def contents(directory: Path) -> dict[str, bytes | None]:
    """Every file under a directory with its bytes, Python's caches apart."""
    paths = (p for p in directory.rglob("*") if "__pycache__" not in p.parts)
    return {str(p.relative_to(directory)): p.read_bytes() if p.is_file() else None for p in paths}
