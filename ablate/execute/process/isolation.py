"""Runs a training so that its process is afterwards as it was: silent, and with its own number of threads."""

import logging
import os
import random
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout

import numpy as np
import torch
from torch.utils import deterministic

from ablate.execute.process.matmul_precision import restore_matmul_precision

LOGGERS = (
    "pytorch_lightning",
    "lightning",
    "lightning.pytorch",
    "lightning.fabric",
    "lightning_fabric",
    "lightning_utilities",
    "torch",
    "torch.distributed",
)

FILLS = "fill_uninitialized_memory"
"""Torch's setting that deterministic algorithms fill memory before it is written, for code that reads it unwritten.
No code here does, and filling takes 2% of a convolution network's step."""

NVML_CHECK = "PYTORCH_NVML_BASED_CUDA_CHECK"
"""Lightning sets it to 1, so that a process can fork after it has looked for a GPU. Without a GPU, torch then looks for
NVML's library at every optimizer step, which takes longer than a small step itself."""

CUBLAS_WORKSPACE = "CUBLAS_WORKSPACE_CONFIG"
"""A deterministic training sets it. Without it, torch refuses matrix products on a GPU."""


def silence() -> None:
    """Silences Lightning's log messages. Loading Lightning resets its levels: call this again after it."""
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.ERROR)


@contextmanager
def isolated_process(*, threads: int) -> Iterator[None]:
    """Silences Lightning, and restores the settings of the process that a training changes.

    Restored are the number of threads, determinism, cuDNN's benchmark, the precision of matrix products, the generators
    of torch, NumPy and Python, log levels, warning filters, two environment variables, and the handlers of SIGINT and
    SIGTERM. What is printed meanwhile goes to stderr: stdout is for the output of a command, which may be JSON.
    """
    with ExitStack() as stack:
        for name in LOGGERS:
            logger = logging.getLogger(name)
            stack.callback(logger.setLevel, logger.level)
        silence()
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                if (handler := signal.getsignal(number)) is not None:
                    stack.callback(signal.signal, number, handler)
        for name in (NVML_CHECK, CUBLAS_WORKSPACE):
            stack.callback(_set_variable, name, os.environ.get(name))
        if not torch.cuda.is_available():
            os.environ[NVML_CHECK] = "0"
        stack.callback(torch.set_num_threads, torch.get_num_threads())
        stack.callback(_restore_determinism, torch.get_deterministic_debug_mode())
        stack.callback(restore_matmul_precision())
        stack.callback(setattr, torch.backends.cudnn, "benchmark", torch.backends.cudnn.benchmark)
        stack.callback(setattr, deterministic, FILLS, getattr(deterministic, FILLS))
        setattr(deterministic, FILLS, False)
        stack.callback(random.setstate, random.getstate())
        stack.callback(np.random.set_state, np.random.get_state())
        stack.callback(torch.set_rng_state, torch.get_rng_state())
        if torch.cuda.is_initialized():
            stack.callback(torch.cuda.set_rng_state_all, torch.cuda.get_rng_state_all())
        torch.set_num_threads(threads)
        stack.enter_context(redirect_stdout(sys.stderr))
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        yield


def _set_variable(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


def _restore_determinism(mode: int) -> None:
    """Does nothing if the mode is as it was: to set it, torch loads its compiler, which takes a second."""
    if torch.get_deterministic_debug_mode() != mode:
        torch.set_deterministic_debug_mode(mode)
