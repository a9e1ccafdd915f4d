"""Memory available for training."""

from pathlib import Path

import torch

USABLE_SHARE = 0.8
"""Share of the free memory that a study plans with. Workspaces of kernels are not in the estimates."""

PROCESS_BYTES = 300 << 20
"""Memory of a worker beside its tensors: what it does not share with the process that it was forked from."""

_CGROUP = Path("/sys/fs/cgroup")


def available(device: torch.device) -> int | None:
    """Bytes that a study may plan with on a device; None: unknown."""
    if device.type == "cuda":
        return int(USABLE_SHARE * torch.cuda.mem_get_info(device)[0])
    if device.type != "cpu":
        return None
    limits = [limit for limit in (_machine(), _container()) if limit is not None]
    return int(USABLE_SHARE * min(limits)) if limits else None


def _machine(meminfo: Path = Path("/proc/meminfo")) -> int | None:
    try:
        lines = meminfo.read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError, IndexError):
        return None


def _container(cgroup: Path = _CGROUP) -> int | None:
    """What a container (cgroup v2) has left of its limit. Cached files count as free."""
    try:
        limit, used = ((cgroup / name).read_text(encoding="ascii").strip() for name in ("memory.max", "memory.current"))
        stat = dict(line.split() for line in (cgroup / "memory.stat").read_text(encoding="ascii").splitlines())
        return None if limit == "max" else max(int(limit) - int(used) + int(stat.get("inactive_file", 0)), 0)
    except (OSError, ValueError):
        return None
