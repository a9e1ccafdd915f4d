"""ablate answers architecture questions with evidence.

From Python: `run` and `load` a study of the configuration, make a `Study` of objects, `analyze` results that something
else trained. `ablate.study` has what the command line calls.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {"Analysis": "analysis", "Result": "result", "Study": "study", "load": "run", "run": "run"}
"""Name → the module of `ablate.python` that it is in. Each is imported when it is used: importing ablate stays fast."""


def __getattr__(name: str) -> Any:
    """What Python is offered, imported when it is asked for."""
    if name == "analyze":
        return import_module("ablate.analyze")  # which can be called
    if name in _HOMES:
        return getattr(import_module(f"ablate.python.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES, "analyze"])
