"""Whose mistake an exception is."""

import signal
import subprocess
import sys

import pytest
from pytorch_lightning.utilities.exceptions import SIGTERMException

from ablate.design import lay_out
from ablate.errors import ConfigError, DataError
from ablate.execute.targets.user_errors import as_user_errors

THEIRS = compile("def call(error):\n    raise error\n", "/home/somebody/mine.py", "exec")


def raises(error: BaseException) -> None:
    """Raises it in a file of a person's own."""
    there: dict = {}
    exec(THEIRS, there)
    there["call"](error)


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(3), BaseException("x"), GeneratorExit()])
def test_theirs_is_an_error_that_names_the_place(error):
    with pytest.raises(ConfigError, match=r"/home/somebody/mine.py:2: "), as_user_errors():
        raises(error)


def test_ours_goes_on_as_it_is():
    with pytest.raises(AttributeError) as ours:
        lay_out(None)  # pyright: ignore[reportArgumentType]
    raised = ours.value.__traceback__
    assert raised is not None
    guarded = as_user_errors()
    guarded.__enter__()
    # Without the frame of this file, which is of no package. False: it goes on.
    assert guarded.__exit__(AttributeError, ours.value.with_traceback(None), raised.tb_next) is False


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SIGTERMException(signal.SIGTERM), DataError("said already")])
def test_signals_and_what_is_said_already_go_on(error):
    with pytest.raises(type(error)), as_user_errors():
        raises(error)


def test_an_exit_that_answers_ctrl_c_is_one():
    error = SystemExit(1)
    error.__context__ = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt), as_user_errors():
        raise error


def test_a_dataloader_that_loses_a_process_is_no_bug_of_ours():
    """Torch's handler of SIGCHLD raises wherever the process is. Only a process of its own may have that handler."""
    script = """
import os, signal, time
from torch.utils.data import DataLoader
from ablate.errors import ConfigError
from ablate.execute.targets.user_errors import as_user_errors

batches = iter(DataLoader(range(4), num_workers=1))
next(batches)
os.kill(batches._workers[0].pid, signal.SIGKILL)
try:
    with as_user_errors():
        time.sleep(60)
except ConfigError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(
        "A DataLoader of this study lost a process before any training: DataLoader worker (pid "
    )
