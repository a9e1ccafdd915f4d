"""The folder whose `conf/` has the study that benchmarks vary, `plain`: shipped studies may change."""

from pathlib import Path

HERE = Path(__file__).parent
