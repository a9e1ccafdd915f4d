import io
import re

import pytest
from rich.console import Console

from ablate.report.live.board import Board, Row


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture(autouse=True)
def no_thread_writes_lines(monkeypatch):
    """A test asks for a line when its clock says so, not when time passes."""
    monkeypatch.setattr("ablate.report.live.progress.LOG_CHECK_S", 3600)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def board():
    """A board of some design points with as many trials each, known by name and replicate."""

    def made(points, replicates):
        names = [f"point {n}" for n in range(points)] if isinstance(points, int) else points
        return Board(Row(name=name, trials=tuple((name, r) for r in range(replicates))) for name in names)

    return made


@pytest.fixture
def screen():
    """A terminal of some size that keeps what is written to it."""

    def made(width=80, height=24, encoding="utf-8"):
        file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True)
        return Console(file=file, force_terminal=True, width=width, height=height, color_system=None)

    return made


@pytest.fixture
def log():
    return Console(file=io.StringIO(), force_terminal=False, width=80)


@pytest.fixture
def text():
    """What was written to a console, without escape codes."""

    def read(console):
        file = console.file
        written = file.getvalue() if isinstance(file, io.StringIO) else file.buffer.getvalue().decode(file.encoding)
        return re.sub(r"\x1b\[[?\d;]*[A-Za-z]", "", written)

    return read
