"""Runs a training silently, with its own number of threads, and restores afterwards what it has changed."""

import logging
import os
import random
import sys
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import numpy as np
import torch
from torch.utils import deterministic

from ablate.execute.process.fork import one_process
from ablate.execute.process.matmul_precision import restore_matmul_precision
from ablate.execute.process.settings import changes_kept, is_isolated, settings_restored
from ablate.execute.process.streams import stdout_to_stderr

LIGHTNING = ("pytorch_lightning", "lightning", "lightning.pytorch", "lightning.fabric", "lightning_fabric")
"""Packages of Lightning's. Each sets its logger to INFO when it is loaded."""

LOGGERS = (*LIGHTNING, "lightning_utilities", "torch", "torch.distributed")

FILLS = "fill_uninitialized_memory"
"""Torch's setting that deterministic algorithms fill memory before it is written, for code that reads it unwritten.
No code here does, and filling takes 2% of a convolution network's step."""

NVML_CHECK = "PYTORCH_NVML_BASED_CUDA_CHECK"
"""Lightning sets it to 1, so that a process can fork after it has searched for a GPU. Without a GPU, torch then
searches for NVML's library at every optimizer step, which takes longer than a small step itself."""

CUBLAS_WORKSPACE = "CUBLAS_WORKSPACE_CONFIG"
"""A deterministic training sets it. Without it, torch refuses matrix products on a GPU."""


def silence() -> None:
    """Silences Lightning's log messages. Loading Lightning resets its levels: call this again after it."""
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.ERROR)


@contextmanager
def importing() -> Iterator[None]:
    """Around the import of a user-defined module, which may be the first to load a package of Lightning's.

    In an isolated process Lightning stays silent. What else the import changes is kept, as by `changes_kept`.
    """
    try:
        with changes_kept():
            yield
    finally:
        if is_isolated():
            silence()


@contextmanager
def _levels_restored() -> Iterator[None]:
    """Restores levels of loggers. A package of Lightning's that was first loaded meanwhile has its own level."""
    levels = {name: logging.getLogger(name).level for name in LOGGERS}
    not_loaded = [name for name in LIGHTNING if name not in sys.modules]
    try:
        yield
    finally:
        levels.update((name, logging.INFO) for name in not_loaded if name in sys.modules)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


@contextmanager
def isolated_process(*, threads: int, repeats_output: bool = True) -> Iterator[None]:
    """Silences Lightning, and restores what a training changes in its process for those after it.

    That is: the `SETTINGS` (environment, working directory, handlers of signals, torch's defaults and flags, and more),
    the precision of matrix products, the generators of torch, NumPy and Python, log levels, warning filters and the
    standard streams. What is printed meanwhile goes to stderr: stdout is for a command's output, which may be JSON. A
    copy of the process that the training forks ends with it.

    Not restored is what has no such state: attributes that a training sets on modules and classes, threads that it
    leaves running, and torch's threads between operations, whose number can be set once in a process.

    Args:
        threads: Of torch.
        repeats_output: Whether a text that was printed before in this process is shown again. False before the
            trainings, when each network is built several times.
    """
    with ExitStack() as stack:
        stack.enter_context(one_process())
        stack.enter_context(_levels_restored())
        silence()
        stack.enter_context(settings_restored())
        if not torch.cuda.is_available():
            os.environ[NVML_CHECK] = "0"
        stack.callback(restore_matmul_precision())
        stack.callback(setattr, deterministic, FILLS, getattr(deterministic, FILLS))
        setattr(deterministic, FILLS, False)
        stack.callback(random.setstate, random.getstate())
        stack.callback(np.random.set_state, np.random.get_state())
        stack.callback(torch.set_rng_state, torch.get_rng_state())
        if torch.cuda.is_initialized():
            stack.callback(torch.cuda.set_rng_state_all, torch.cuda.get_rng_state_all())
        torch.set_num_threads(threads)
        stack.enter_context(stdout_to_stderr(repeats_output=repeats_output))
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        yield
