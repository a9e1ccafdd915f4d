"""What a trial is trained on: cores, processor, GPU."""

import gc
import os
import platform
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import device


def cores() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def name(device: "device") -> str:
    """A device as hardware: a GPU's name, or the processor's with the cores that this process may use."""
    if device.type == "cuda":
        import torch

        return torch.cuda.get_device_name(device)
    return f"{processor()} ({cores()} cores)" if device.type == "cpu" else device.type


@cache
def processor() -> str:
    """The processor's name as the operating system gives it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def settle(device: "device") -> None:
    """Waits for the work that a device has been given; a processor has done it."""
    import torch

    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def give_back() -> None:
    """Frees what this process has cached of a GPU's memory, for others to train on it.

    What remains until the process ends is CUDA's context, some hundred MB: nothing short of a process of its own gives
    that back.
    """
    import torch

    gc.collect()
    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()
