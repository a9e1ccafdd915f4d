"""Names the design point whose network cannot be built or trained, in the error that says why."""

from collections.abc import Iterator
from contextlib import contextmanager

from ablate.design.point import DesignPoint
from ablate.errors import AblateError


@contextmanager
def naming(point: DesignPoint) -> Iterator[None]:
    """Adds the design point to an error of the user's.

    Raises:
        AblateError: of the same class, with one more sentence.
    """
    try:
        yield
    except AblateError as error:
        raise type(error)(f"{error} (design point {point})") from error
