"""The hardware that trials are trained on: cores, processor, GPU."""

import gc
import os
import platform
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ablate.errors import ConfigError

if TYPE_CHECKING:
    from torch import device

MAX_THREADS = 64
"""Threads of a training that any machine starts; more only where it has as many cores, or a quarter of that."""


def cores() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def check_threads(threads: int) -> None:
    """Checks that this machine can start that number of threads for a training.

    Raises:
        ConfigError: it has far fewer cores; the threads would not start, and the process would end.
    """
    most = max(MAX_THREADS, 4 * (os.cpu_count() or 1))
    if threads > most:
        raise ConfigError(
            f"engine.threads={threads} is more than this machine can run: it has {cores()} cores, and at most {most} "
            "threads of one training are started here. Give fewer, or leave engine.threads out."
        )


def name(device: "device") -> str:
    """The name of a device: the GPU's, or the processor's with the number of cores that this process may use."""
    if device.type == "cuda":
        import torch

        return torch.cuda.get_device_name(device)
    return f"{processor()} ({cores()} cores)" if device.type == "cpu" else device.type


@cache
def processor() -> str:
    """The processor's name, from the operating system."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def is_processor(device_name: str) -> bool:
    """Whether that is what `name` calls a processor."""
    return device_name.endswith(" cores)")


def synchronize(device: "device") -> None:
    """Waits until a device has done the work queued on it. A CPU queues none."""
    import torch

    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def empty_cache() -> None:
    """Frees the GPU memory that this process has cached, data among it, so that other processes can train there.

    CUDA's context, some hundred MB, stays until the process ends.
    """
    import torch

    from ablate.execute.process.resident import forget_copies

    forget_copies()
    gc.collect()
    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()
