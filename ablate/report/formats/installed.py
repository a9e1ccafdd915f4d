"""Formats of other packages, by the entry point group `ablate.formats`: read for an unknown name, or a list of all.

An entry point names a `Writer`: a function from a `Content` and an `Output` to text.
"""

from collections.abc import Mapping
from importlib.metadata import EntryPoint
from typing import Any, Literal

from ablate.config import installed as packages
from ablate.config.installed import package
from ablate.errors import ConfigError
from ablate.report.content import Content
from ablate.report.formats.output import Output, Writer

GROUP = "ablate.formats"


def installed() -> Mapping[str, EntryPoint]:
    """Name → entry point, in alphabetical order. None of them is imported."""
    return packages.installed(GROUP)


def load(entry: EntryPoint) -> Writer:
    """Imports a format.

    Raises:
        ConfigError: names the format, its package and the error.
    """
    try:
        made: Any = entry.load()
    except Exception as error:
        raise _broken(entry, f"cannot be loaded: {type(error).__name__}: {error}") from error
    if not callable(made):
        raise _broken(entry, f"is a {type(made).__name__}, not a function from a Content and an Output to text")

    def write(content: Content, output: Output) -> str:
        try:
            text = made(content, output)
        except ConfigError:
            raise
        except Exception as error:
            raise _broken(entry, f"failed: {type(error).__name__}: {error}") from error
        if not isinstance(text, str):
            raise _broken(entry, f"gave a {type(text).__name__}, not text")
        return text

    return write


def check_installed() -> list[tuple[str, Literal["ok", "warn"], str]]:
    """Name, state and detail of each format of another package, for `ablate doctor`: all of them are imported."""
    return [_checked(name, entry) for name, entry in installed().items()]


def _checked(name: str, entry: EntryPoint) -> tuple[str, Literal["ok", "warn"], str]:
    try:
        load(entry)
    except ConfigError as error:
        return f"format {name}", "warn", str(error)
    return f"format {name}", "ok", package(entry)


def _broken(entry: EntryPoint, what: str) -> ConfigError:
    return ConfigError(
        f"The format {entry.name!r} of {package(entry)} ({entry.value}) {what}. Mend or uninstall that package, or "
        "choose another --format."
    )
