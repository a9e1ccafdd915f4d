"""A training as a guest in its process: silent, on its own number of threads, and leaving no setting behind."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch

LOGGERS = ("pytorch_lightning", "lightning", "lightning_fabric", "lightning_utilities", "torch.distributed")


@contextmanager
def guest(*, threads: int) -> Iterator[None]:
    """Keeps Lightning's chatter from the user, and restores threads, determinism, generators and log levels."""
    levels = {name: logging.getLogger(name).level for name in LOGGERS}
    threads_before = torch.get_num_threads()
    deterministic = torch.are_deterministic_algorithms_enabled()
    generator = torch.get_rng_state()
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.ERROR)
    torch.set_num_threads(threads)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.use_deterministic_algorithms(deterministic)
        torch.set_num_threads(threads_before)
        torch.set_rng_state(generator)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
