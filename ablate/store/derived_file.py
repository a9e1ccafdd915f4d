"""A derived file of a study: made again by a run, and so absent for a reader where it cannot be read."""

from collections.abc import Callable
from typing import TypeVar

from ablate.errors import StoreError
from ablate.limits import MAX_CACHE_BYTES
from ablate.store.directory import StudyDirectory

T = TypeVar("T")


def read_derived(
    directory: StudyDirectory, name: str, decode: Callable[[bytes], T], *, limit: int = MAX_CACHE_BYTES
) -> T | None:
    """What the file holds; None where it is absent, damaged or of another schema.

    Args:
        directory: The study's.
        name: The file's.
        decode: From its bytes; raises ValueError where they are not whole.
        limit: Bytes that it may have.
    """
    try:
        content = directory.read(name, limit=limit)
        return None if content is None else decode(content)
    except (StoreError, ValueError):
        return None
