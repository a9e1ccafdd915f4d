"""Memory available for training, and what a process takes of it."""

from pathlib import Path

import psutil
import torch

from ablate.execute.process.hardware import name
from ablate.plan.machine import Gpu, Machine

USABLE_SHARE = 0.8
"""Share of the free memory that a study plans with. Workspaces of kernels are not in the estimates."""

PROCESS_BYTES = 300 << 20
"""Memory of a worker beside its tensors: what it does not share with the process that it was forked from."""

CONTEXT_BYTES = 600 << 20
"""Memory of a GPU that a process takes beside its tensors: CUDA's context, kernels, and workspaces of cuBLAS.

An assumption, on the high side; not measured on a GPU.
"""

GPU_PROCESS_BYTES = 2 << 30
"""Main memory that a worker takes for CUDA and its libraries, beside its tensors. Not measured on a GPU, either."""

_CGROUP = Path("/sys/fs/cgroup")


def available(device: torch.device) -> int | None:
    """Bytes that a study may plan with on a device; None: unknown, as of an Apple GPU."""
    if device.type == "cuda":
        return int(USABLE_SHARE * torch.cuda.mem_get_info(device)[0])
    if device.type != "cpu":
        return None
    container = _container()
    return int(USABLE_SHARE * (_machine() if container is None else min(_machine(), container)))


def describe(device: torch.device, *, several: bool) -> Machine:
    """The machine of an accelerator, as it is now.

    Args:
        device: Where a process trains by itself.
        several: Whether processes can be given others than that one.
    """
    there = range(torch.cuda.device_count()) if device.type == "cuda" else range(1)
    gpus = [torch.device(device.type, index) for index in (there if several else (device.index or 0,))]
    return Machine(
        host_bytes=available(torch.device("cpu")),
        gpus=tuple(Gpu(index=gpu.index or 0, name=name(gpu), free_bytes=available(gpu)) for gpu in gpus),
        unused=len(there) - len(gpus),
    )


def stack_bytes(member: int, *, examples: int, splits: int, members: int, kept: int = 0) -> int:
    """Memory of a stack where it trains, at its start at the latest.

    Members with equal splits share their rows. Different splits are joined, and each is there twice: by itself, and
    among the joined rows.

    Args:
        member: Bytes of each member beside its examples.
        examples: Bytes of one replicate's.
        splits: Different ones among the members, at most.
        members: 1: a trial that trains alone.
        kept: Bytes of examples that the process keeps from one training to the next, those of this stack among them.
    """
    own = min(splits, members) * examples
    return members * member + max(own, kept) + (own if min(splits, members) > 1 else 0)


def _machine() -> int:
    return psutil.virtual_memory().available


def _container(cgroup: Path = _CGROUP) -> int | None:
    """What a container (cgroup v2) has left of its limit, of which psutil knows nothing. Cached files count as free."""
    try:
        limit, used = ((cgroup / name).read_text(encoding="ascii").strip() for name in ("memory.max", "memory.current"))
        stat = dict(line.split() for line in (cgroup / "memory.stat").read_text(encoding="ascii").splitlines())
        return None if limit == "max" else max(int(limit) - int(used) + int(stat.get("inactive_file", 0)), 0)
    except (OSError, ValueError):
        return None
