"""Exit codes, and messages instead of tracebacks."""

import errno
import functools
import os
import select
import sys
import tempfile
import traceback
from collections.abc import Callable
from enum import IntEnum
from pathlib import Path
from typing import ParamSpec

import typer

from ablate.cli.entry import has_working_directory
from ablate.errors import AblateError

P = ParamSpec("P")
STDOUT = 1


class Code(IntEnum):
    """The exit codes of commands."""

    DONE = 0
    SOME_FAILED = 1
    WRONG_REQUEST = 2
    CLAIM_FAILED = 3
    INTERRUPTED = 130


def reported(command: Callable[P, None]) -> Callable[P, None]:
    """Turns what a command raises into a message on stderr and an exit code.

    An AblateError is shown as its message, with code 2, or 1 where something had been trained or written. Anything
    else, except for typer.Exit, is a bug: its traceback goes to a file, which the message names, with code 1.
    """

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            try:
                if not has_working_directory():
                    raise AblateError(
                        "The working directory has been removed. Change to one that is there (cd), then try again."
                    )
                command(*args, **kwargs)
            finally:
                sys.stdout.flush()
        except typer.Exit:
            raise
        except AblateError as error:
            _say(str(error))
            raise typer.Exit(Code.SOME_FAILED if error.has_begun else Code.WRONG_REQUEST) from None
        except KeyboardInterrupt:
            raise typer.Exit(Code.INTERRUPTED) from None
        except Exception as error:
            if isinstance(error, BrokenPipeError) and _is_unread(STDOUT):
                _drop_output()
                raise typer.Exit(Code.DONE) from None
            if isinstance(error, OSError) and error.errno == errno.ENOSPC:
                _drop_output()
                _say(f"{error.filename or 'Output'} cannot be written: {error.strerror}. Free space, then try again.")
                raise typer.Exit(Code.SOME_FAILED) from None
            if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
                _say("A name is longer than file systems take: 255 characters at most. Choose a shorter one.")
                raise typer.Exit(Code.WRONG_REQUEST) from None
            _say(
                f"This is a bug in ablate, not a mistake of yours. Its traceback is in {_keep(traceback.format_exc())}."
            )
            raise typer.Exit(Code.SOME_FAILED) from None

    return wrapped


def _drop_output() -> None:
    """Redirects stdout to the null device: Python flushes it once more as it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), STDOUT)


def _is_unread(descriptor: int) -> bool:
    """Whether the reader of a pipe has ended, as in `ablate show … | head`. Pipes to workers may break for a bug."""
    poll = select.poll()
    poll.register(descriptor, 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))


def _say(message: str) -> None:
    from ablate.report.live.message import error

    error(message)


def _keep(text: str) -> Path:
    with tempfile.NamedTemporaryFile("w", prefix="ablate-", suffix=".traceback.txt", delete=False) as file:
        file.write(text)
    return Path(file.name)
