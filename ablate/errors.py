"""The AblateError family: everything that a user can be told on one screen."""

import difflib
from collections.abc import Generator, Iterable
from contextlib import contextmanager


class AblateError(Exception):
    """A mistake that the user can mend: shown as a message, never as a traceback.

    The message says what was wrong, what is valid, and what to do.
    """

    has_begun = False
    """Whether something had been trained or written by then: no longer a mistake in the request alone."""


class ConfigError(AblateError):
    """The configuration or an override does not say something that can be run."""


class DesignError(AblateError):
    """The design cannot be built from these factors, or cannot estimate what is asked of it."""


class DataError(AblateError):
    """A data set is missing or is not what its configuration says."""


class ModelError(AblateError):
    """A network cannot be built from its configuration."""


class StoreError(AblateError):
    """The results directory cannot be used: unwritable, full, held, or of another study."""


class DiskError(StoreError):
    """A file of the results cannot be written: the disk is full, or the directory takes no writes."""


class EngineError(AblateError):
    """The engine asked for cannot work on this machine."""


class DeathError(EngineError):
    """A process has died of what it was asked to do."""


class LoggerError(AblateError):
    """A logger could not write what it was given: its service does not answer, or refuses it."""


@contextmanager
def begun() -> Generator[None]:
    """Marks the errors raised in it as raised when something had been trained or written."""
    try:
        yield
    except AblateError as error:
        error.has_begun = True
        raise


LONGEST_SHOWN = 200
"""Characters of an unknown name in a message."""


def unknown(what: str, name: str, valid: Iterable[str], *, near: Iterable[str] | None = None) -> str:
    """Words the error for a name outside a closed set: what was wrong, the nearest match, what is valid.

    Args:
        what: The kind of thing, in the singular.
        name: As it was given.
        valid: Names to list.
        near: Names among which the nearest is sought, whatever the case of letters; default: the valid ones.
    """
    names = sorted(valid)
    candidates = names if near is None else list(near)
    close = difflib.get_close_matches(name.casefold(), {c.casefold() for c in candidates}, n=1, cutoff=0.5)
    alike = [c for c in candidates if c.casefold() in close]  # MLP and mlp
    nearest = max(alike, key=lambda c: difflib.SequenceMatcher(None, name, c).ratio(), default=None)
    hint = "" if nearest is None else f" Did you mean {nearest!r}?"
    listing = f" Valid: {', '.join(names)}." if names else ""
    shown = name if len(name) <= LONGEST_SHOWN else f"{name[:LONGEST_SHOWN]}…"
    return f"Unknown {what} {shown!r}.{hint}{listing}"


def kind(value: object) -> str:
    """The name of a value's type, with its article."""
    name = type(value).__name__
    return f"an {name}" if name[0] in "aeiouAEIO" else f"a {name}"


def unknown_level(what: str, level: str, levels: Iterable[str]) -> str:
    """As `unknown`, for a level; says so where YAML may have read its name, or another's, as true or false."""
    names = list(levels)
    is_read = {"True", "False"} & {level, *names}
    return unknown(what, level, names) + (" YAML reads on and off as true and false: quote them." if is_read else "")
