"""ablate answers architecture questions with evidence.

From Python: `run` trains a study of the configuration and `load` reads its results; `Study` makes a study of Python
objects; `analyze` makes the tables of results that another program has trained. The command line calls `ablate.study`.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_MODULES = {
    "Analysis": "analysis",
    "Result": "result",
    "Study": "study",
    "analyze": "analysis",
    "load": "run",
    "run": "run",
}
"""Public name → the module of `ablate.python` that defines it, which is imported on first use."""


def __getattr__(name: str) -> Any:
    """A public name, imported on first use."""
    if name in _MODULES:
        return getattr(import_module(f"ablate.python.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_MODULES])
