"""Where user-defined code is imported from."""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def user_modules_last() -> Iterator[None]:
    """Puts the working directory last on the import path, so that a `_target_` beside `conf/` is found there.

    Python's standard library and the installed packages come first: a user's `profile.py` is not what torch imports by
    that name. Where the working directory is on the path already, as in a script that lies there, it stays in its
    place. Only the entry is taken back at the end: what user-defined code does to the path is its own.
    """
    here = str(Path.cwd())
    is_added = not {"", here} & set(sys.path)
    if is_added:
        sys.path.append(here)
    importlib.invalidate_caches()  # a module that was written a moment ago is found
    try:
        yield
    finally:
        if is_added and here in sys.path:
            sys.path.remove(here)
