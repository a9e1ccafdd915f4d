"""Reports what user-defined code raises before any training as an error of the user, not as a bug of ablate."""

import sysconfig
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import ablate
from ablate.errors import AblateError, ConfigError
from ablate.execute.targets.lightning_package import is_termination
from ablate.execute.targets.sources import INSTALLED_FOLDERS

LOST_LOADER = "DataLoader worker (pid"
"""In torch's message that a process of a DataLoader has died. Its SIGCHLD handler raises it in whatever code runs."""


@contextmanager
def as_user_errors() -> Iterator[None]:
    """Turns what user-defined code raises into a ConfigError, a SystemExit included.

    An exception whose traceback has no user-defined code is a bug of ablate and stays as it is, unless it says that a
    process of a DataLoader has died; so do Ctrl-C and SIGTERM.

    Raises:
        ConfigError: says where the user's code raised, and what.
    """
    try:
        yield
    except (AblateError, KeyboardInterrupt):
        raise
    except BaseException as error:
        from ablate.execute.targets.target import error_text

        if isinstance(error.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        if LOST_LOADER in str(error):
            raise ConfigError(
                f"A DataLoader of this study lost a process before any training: {' '.join(str(error).split())} Run "
                "the same command again. If it happens again, give it fewer processes (num_workers), or more memory."
            ) from error
        if is_termination(error) or (isinstance(error, Exception) and not _is_in_user_code(error)):
            raise
        what = "ends the process" if isinstance(error, SystemExit) else "fails"
        raise ConfigError(
            f"Code that this study names {what} before any training: {error_text(error)}. Mend it there, or name other "
            "code in its _target_."
        ) from error


def _is_in_user_code(error: BaseException) -> bool:
    """Whether a traceback has a file that is neither of ablate, nor installed, nor of Python's library."""
    ours = Path(ablate.__file__).resolve().parent
    stdlib = Path(sysconfig.get_path("stdlib")).resolve()
    files = {Path(f.filename).resolve() for f in traceback.extract_tb(error.__traceback__) if f.filename[:1] != "<"}
    installed = {file for file in files if INSTALLED_FOLDERS & set(file.parts)}
    return any(not (file.is_relative_to(ours) or file.is_relative_to(stdlib)) for file in files - installed)
