"""Pure: records in, estimates with intervals and verdicts out. No files, no clock, no torch; rng passed in.

The package is also what `ablate.analyze(frame, …)` calls: `ablate.python.analysis.analyze`.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class _Callable(ModuleType):
    """Both are called `ablate.analyze`: this package, and the function that Python is offered under its name."""

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """As `ablate.python.analysis.analyze`."""
        return import_module("ablate.python.analysis").analyze(*arguments, **named)


sys.modules[__name__].__class__ = _Callable
