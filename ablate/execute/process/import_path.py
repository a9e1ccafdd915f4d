"""Where user-defined code is imported from."""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def user_modules_first() -> Iterator[None]:
    """Puts the working directory first on the import path, so that a `_target_` beside `conf/` is found there.

    Only that entry is taken back at the end: what user-defined code does to the path is its own.
    """
    here = str(Path.cwd())
    is_added = sys.path[:1] != [here]
    if is_added:
        sys.path.insert(0, here)
    importlib.invalidate_caches()  # a module that was written a moment ago is found
    try:
        yield
    finally:
        if is_added and here in sys.path:
            sys.path.remove(here)
