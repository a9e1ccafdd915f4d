"""Where what a study comes to differs from what it came to before."""

from collections.abc import Iterator
from typing import Any

from tests.regression.case import Tolerance


def differences(before: Any, now: Any, tolerance: Tolerance, where: str = "") -> Iterator[str]:
    """A line for each place at which two trees of JSON differ.

    What is new beside what was there (a further response, a further key) is not a difference; entries of lists are
    counted. A whole number must be equal; a number with a fraction is held against the tolerance.
    """
    if isinstance(before, dict) and isinstance(now, dict):
        for key, value in before.items():
            at = f"{where}.{key}".lstrip(".")
            if key in now:
                yield from differences(value, now[key], tolerance, at)
            else:
                yield f"{at}: was {value!r}, and is gone"
    elif isinstance(before, list) and isinstance(now, list):
        if len(before) != len(now):
            yield f"{where}: were {len(before)}, and are {len(now)}"
        for index, (one, other) in enumerate(zip(before, now, strict=False)):
            yield from differences(one, other, tolerance, f"{where}[{index}]")
    elif isinstance(before, float) and isinstance(now, float):
        if not tolerance.allows(before, now):
            yield f"{where}: was {before!r}, and is {now!r}"
    elif type(before) is not type(now) or before != now:
        yield f"{where}: was {before!r}, and is {now!r}"
