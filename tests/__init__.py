"""Tests of `ablate`, and the commands behind `make` that check it."""

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
