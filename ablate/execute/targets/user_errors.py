"""Whose mistake it is that looking at a study fails: what a person's own code raises is theirs to mend."""

import sysconfig
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import ablate
from ablate.errors import AblateError, ConfigError
from ablate.execute.targets.sources import INSTALLED


@contextmanager
def blamed() -> Iterator[None]:
    """Makes an AblateError of what code of a person's own raises while it is looked at, a SystemExit included.

    An exception that has passed none of their code is ours, and goes on as it is; so do Ctrl-C and SIGTERM.

    Raises:
        ConfigError: says where their code raised, and what.
    """
    try:
        yield
    except (AblateError, KeyboardInterrupt):
        raise
    except BaseException as error:
        from pytorch_lightning.utilities.exceptions import SIGTERMException

        from ablate.execute.targets.target import own_words

        if isinstance(error.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        if isinstance(error, SIGTERMException) or (isinstance(error, Exception) and not _is_theirs(error)):
            raise
        what = "ends the process" if isinstance(error, SystemExit) else "fails"
        raise ConfigError(
            f"Code that this study names {what} before any training: {own_words(error)}. Mend it there, or name other "
            "code in its _target_."
        ) from error


def _is_theirs(error: BaseException) -> bool:
    """Whether an exception has passed a file that is neither of ablate, nor installed, nor Python's own."""
    ours = Path(ablate.__file__).resolve().parent
    stdlib = Path(sysconfig.get_path("stdlib")).resolve()
    files = {Path(f.filename).resolve() for f in traceback.extract_tb(error.__traceback__) if f.filename[:1] != "<"}
    return any(
        not (file.is_relative_to(ours) or file.is_relative_to(stdlib) or INSTALLED & set(file.parts)) for file in files
    )
